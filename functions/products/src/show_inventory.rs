//! `GET /v1/products/{id}/inventory`

use axum::{Json, extract::State};
use serde::Serialize;
use shared::{
    domain::{
        Sku, Timestamp,
        inventory::{StockRecord, StockStatus},
        product::Product,
    },
    http::{App, Page, PathId, Problem, Seller},
};

use crate::access::find_own;

/// The inventory record of a SKU.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct InventoryRecord {
    sku: Sku,
    /// Units in the warehouse.
    on_hand: i64,
    /// Units reserved for orders that are not shipped.
    reserved: i64,
    /// Units that can be ordered; negative on backorder.
    available: i64,
    status: StockStatus,
    allow_backorder: bool,
    /// The maximum number of units on backorder; absent if unlimited.
    #[serde(skip_serializing_if = "Option::is_none")]
    backorder_limit: Option<i64>,
    low_stock_threshold: i64,
    updated_at: Timestamp,
}

impl From<StockRecord> for InventoryRecord {
    fn from(record: StockRecord) -> Self {
        Self {
            status: record.status(),
            sku: record.sku,
            on_hand: record.on_hand,
            reserved: record.reserved,
            available: record.available,
            allow_backorder: record.policy.allow_backorder,
            backorder_limit: record.policy.backorder_limit,
            low_stock_threshold: record.policy.low_stock_threshold,
            updated_at: record.updated_at,
        }
    }
}

/// Retrieve the inventory of a product
///
/// One record per SKU, on one page.
#[utoipa::path(get, path = "/v1/products/{id}/inventory", tag = "products", security(("bearer" = [])),
    params(("id" = String, Path, description = "id")), responses((status = 200, body = Page<InventoryRecord>)))]
pub(crate) async fn show_inventory(
    Seller(user): Seller,
    PathId(id): PathId<Product>,
    State(app): State<App>,
) -> Result<Json<Page<InventoryRecord>>, Problem> {
    let entry = find_own(&app, id, &user).await?;
    Ok(Json(Page::whole(entry.stock.into_iter().map(InventoryRecord::from).collect())))
}
