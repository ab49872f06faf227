//! `GET /v1/reports/low-stock`

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use shared::{
    domain::Sku,
    http::{App, Problem, Seller, ValidQuery},
    store::reports,
    validation::{Validate, Violations, rules::range},
};

use super::view::ReportedProductView;

/// Limits.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LowStockQuery {
    /// The maximum number of SKUs.
    #[serde(default = "default_limit")]
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: i64,
}

const fn default_limit() -> i64 {
    100
}

impl Validate for LowStockQuery {
    fn validate(&self, v: &mut Violations) {
        v.check("limit", &self.limit, range(1..=1000));
    }
}

/// SKUs with low stock.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct LowStockReport {
    /// By available units, ascending.
    items: Vec<LowStockView>,
}

/// A SKU that is out of stock or low.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = LowStock)]
pub(crate) struct LowStockView {
    product: ReportedProductView,
    sku: Sku,
    /// Negative for units on backorder.
    available: i64,
    threshold: i64,
}

/// Report low stock
///
/// Lists every SKU of a product for sale whose available units are at or below the product's threshold. Sellers see their own
/// products.
#[utoipa::path(get, path = "/v1/reports/low-stock", tag = "reports", security(("bearer" = [])), params(LowStockQuery),
    responses((status = 200, body = LowStockReport)))]
pub(crate) async fn report_low_stock(
    Seller(user): Seller,
    State(app): State<App>,
    ValidQuery(asked): ValidQuery<LowStockQuery>,
) -> Result<Json<LowStockReport>, Problem> {
    let seller = (!user.is_admin()).then_some(user.id);
    let low = app.store.reports.low_stock(seller, asked.limit).await?;
    Ok(Json(LowStockReport { items: low.into_iter().map(LowStockView::from).collect() }))
}

impl From<reports::LowStock> for LowStockView {
    fn from(low: reports::LowStock) -> Self {
        let product = low.product;
        Self {
            product: ReportedProductView { id: product.id, slug: Some(product.slug), name: product.name },
            sku: low.sku,
            available: low.available,
            threshold: low.threshold,
        }
    }
}
