//! `GET /v1/reports/sales-by-category`

use axum::{Json, extract::State};
use serde::Serialize;
use shared::{
    domain::{Id, Money, category::Category},
    http::{App, Problem, Seller, ValidQuery},
    store::reports::CategorySales,
};

use super::period::Period;

/// What was sold, by category.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SalesByCategory {
    /// The best first.
    items: Vec<CategorySalesView>,
}

/// What was sold of a category.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CategorySales)]
pub(crate) struct CategorySalesView {
    /// Where the products hung when they were ordered; null for those that hung nowhere.
    category: Option<ReportedCategoryView>,
    units: i64,
    /// What the lines came to after discount, before tax that is added.
    revenue: Money,
    /// How many orders have a line of it.
    orders: i64,
}

/// A category, by name.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ReportedCategory)]
pub(crate) struct ReportedCategoryView {
    #[schema(value_type = String)]
    id: Id<Category>,
    /// Null if the category is gone.
    name: Option<String>,
}

/// Report what was sold, by category
///
/// Of all orders of these days that were paid, also those that were sent back or cancelled afterwards: the revenues add up to
/// `gross − discount` of the revenue report. A product counts for its own category, not for those above. Sellers see their
/// own lines.
#[utoipa::path(get, path = "/v1/reports/sales-by-category", tag = "reports", security(("bearer" = [])), params(Period),
    responses((status = 200, body = SalesByCategory)))]
pub(crate) async fn report_sales_by_category(
    Seller(user): Seller,
    State(app): State<App>,
    ValidQuery(period): ValidQuery<Period>,
) -> Result<Json<SalesByCategory>, Problem> {
    let scope = period.scope(user, app.clock.now())?;
    let sales = app.store.reports.sales_by_category(&scope).await?;
    Ok(Json(SalesByCategory { items: sales.into_iter().map(CategorySalesView::from).collect() }))
}

impl From<CategorySales> for CategorySalesView {
    fn from(sales: CategorySales) -> Self {
        Self {
            category: sales.category.map(|id| ReportedCategoryView { id, name: sales.name }),
            units: sales.units,
            revenue: sales.revenue,
            orders: sales.orders,
        }
    }
}
