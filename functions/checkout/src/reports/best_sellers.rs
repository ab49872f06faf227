//! `GET /v1/reports/best-sellers`

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use shared::{
    domain::Money,
    http::{App, Problem, Seller, ValidQuery},
    store::reports::ProductSales,
    validation::{Validate, Violations, rules::range},
};

use super::{period::Period, view::ReportedProductView};

/// Limits.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct BestSellersQuery {
    /// The maximum number of products.
    #[serde(default = "default_limit")]
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: i64,
}

const fn default_limit() -> i64 {
    20
}

impl Validate for BestSellersQuery {
    fn validate(&self, v: &mut Violations) {
        v.check("limit", &self.limit, range(1..=100));
    }
}

/// The best-selling products.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct BestSellers {
    /// By units, descending.
    items: Vec<ProductSalesView>,
}

/// Sales of a product, with all its variants.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ProductSales)]
pub(crate) struct ProductSalesView {
    product: ReportedProductView,
    units: i64,
    /// The sum of the lines after discount, before added tax.
    revenue: Money,
}

/// Report best-selling products
///
/// Counts all orders of the period that were paid, including those cancelled or returned later. Sellers see their own products.
#[utoipa::path(get, path = "/v1/reports/best-sellers", tag = "reports", security(("bearer" = [])),
    params(Period, BestSellersQuery), responses((status = 200, body = BestSellers)))]
pub(crate) async fn report_best_sellers(
    Seller(user): Seller,
    State(app): State<App>,
    ValidQuery(period): ValidQuery<Period>,
    ValidQuery(asked): ValidQuery<BestSellersQuery>,
) -> Result<Json<BestSellers>, Problem> {
    let scope = period.scope(&app, user).await?;
    let sales = app.store.reports.best_sellers(&scope, asked.limit).await?;
    Ok(Json(BestSellers { items: sales.into_iter().map(ProductSalesView::from).collect() }))
}

impl From<ProductSales> for ProductSalesView {
    fn from(sales: ProductSales) -> Self {
        Self {
            product: ReportedProductView { id: sales.product, slug: sales.slug, name: sales.name },
            units: sales.units,
            revenue: sales.revenue,
        }
    }
}
