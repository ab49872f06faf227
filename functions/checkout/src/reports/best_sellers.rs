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

/// How many products.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct BestSellersQuery {
    /// How many products at most.
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

/// Which products were sold most.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct BestSellers {
    /// The one with the most units first.
    items: Vec<ProductSalesView>,
}

/// What was sold of a product, all its variants together.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ProductSales)]
pub(crate) struct ProductSalesView {
    product: ReportedProductView,
    units: i64,
    /// What the lines came to after discount, before tax that is added.
    revenue: Money,
}

/// Report which products were sold most
///
/// Of all orders of these days that were paid, also those that were sent back or cancelled afterwards. Sellers see their own
/// products.
#[utoipa::path(get, path = "/v1/reports/best-sellers", tag = "reports", security(("bearer" = [])),
    params(Period, BestSellersQuery), responses((status = 200, body = BestSellers)))]
pub(crate) async fn report_best_sellers(
    Seller(user): Seller,
    State(app): State<App>,
    ValidQuery(period): ValidQuery<Period>,
    ValidQuery(asked): ValidQuery<BestSellersQuery>,
) -> Result<Json<BestSellers>, Problem> {
    let scope = period.scope(user, app.clock.now())?;
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
