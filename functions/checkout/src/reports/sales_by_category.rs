//! `GET /v1/reports/sales-by-category`

use axum::{Json, extract::State};
use serde::Serialize;
use shared::{
    domain::{Id, Money, category::Category},
    http::{App, Problem, Seller, ValidQuery},
    store::reports::CategorySales,
};

use super::period::Period;

/// Sales by category.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct SalesByCategory {
    /// By revenue, descending.
    items: Vec<CategorySalesView>,
}

/// Sales of a category.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CategorySales)]
pub(crate) struct CategorySalesView {
    /// The products' category when they were ordered; null for products without one.
    category: Option<ReportedCategoryView>,
    units: i64,
    /// The sum of the lines after discount, before added tax.
    revenue: Money,
    /// The number of orders with a line of it.
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

/// Report sales by category
///
/// Counts all orders of the period that were paid, including those cancelled or returned later: the revenues add up to
/// `gross − discount` of the revenue report. A product counts for its own category, not for the ancestors. Sellers see their
/// own lines.
#[utoipa::path(get, path = "/v1/reports/sales-by-category", tag = "reports", security(("bearer" = [])), params(Period),
    responses((status = 200, body = SalesByCategory)))]
pub(crate) async fn report_sales_by_category(
    Seller(user): Seller,
    State(app): State<App>,
    ValidQuery(period): ValidQuery<Period>,
) -> Result<Json<SalesByCategory>, Problem> {
    let scope = period.scope(&app, user).await?;
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
