//! `GET /v1/returns/{id}`

use axum::{Json, extract::State};
use shared::{
    domain::order::Return,
    http::{App, CurrentUser, PathId, Problem},
};

use super::view::ReturnView;
use crate::access::Visibility;

/// Retrieve a return
///
/// Sellers see returns of their lines.
#[utoipa::path(get, path = "/v1/returns/{id}", tag = "returns", security(("bearer" = [])),
    params(("id" = String, Path)), responses((status = 200, body = ReturnView)))]
pub(crate) async fn show_return(
    user: CurrentUser,
    PathId(id): PathId<Return>,
    State(app): State<App>,
) -> Result<Json<ReturnView>, Problem> {
    let order = app.store.orders.find_by_return(id).await?;
    let seen = order.and_then(|order| {
        let visibility = Visibility::of(user, &order)?;
        let view = ReturnView::seen(&order, order.find_return(id).ok()?, visibility);
        view.has_items().then_some(view)
    });
    seen.map(Json).ok_or_else(|| Problem::not_found("return"))
}
