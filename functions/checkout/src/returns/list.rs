//! `GET /v1/returns`

use axum::{Json, extract::State};
use serde::Deserialize;
use shared::{
    domain::{order::ReturnStatus, user::Role},
    http::{App, CurrentUser, Page, PageQuery, Problem, ValidQuery},
    store::orders::returns::{FoundReturn, ReturnFilter},
    validation::Validate,
};

use super::view::ReturnView;
use crate::access::Visibility;

/// Filters.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListReturns {
    /// `requested`: those that wait for a decision.
    status: Option<ReturnStatus>,
}

impl Validate for ListReturns {}

/// List returns, newest order first
///
/// Customers see their own, sellers those of their lines, administrators all. Returns of one order are in the order of their
/// requests.
#[utoipa::path(get, path = "/v1/returns", tag = "returns", security(("bearer" = [])),
    params(ListReturns, PageQuery), responses((status = 200, body = Page<ReturnView>)))]
pub(crate) async fn list_returns(
    user: CurrentUser,
    State(app): State<App>,
    ValidQuery(asked): ValidQuery<ListReturns>,
    ValidQuery(page): ValidQuery<PageQuery>,
) -> Result<Json<Page<ReturnView>>, Problem> {
    let filter = ReturnFilter {
        user: (user.role == Role::Customer).then_some(user.id),
        seller: (user.role == Role::Seller).then_some(user.id),
        status: asked.status,
    };
    let orders = &app.store.orders;
    let mut found = orders.list_returns(&filter, page.after()?, page.fetch()).await?;
    // The store answers each return within a projection of its order.
    found.retain(|found| found.order.returns.len() == 1);
    let count = if page.count { Some(orders.count_returns(&filter).await?) } else { None };
    let listed = Page::new(found, &page, FoundReturn::place, |FoundReturn { order, .. }| {
        let visibility = Visibility::of(user, &order).unwrap_or(Visibility::Seller(user));
        ReturnView::seen(&order, &order.returns[0], visibility)
    });
    Ok(Json(listed.with_count(count)))
}
