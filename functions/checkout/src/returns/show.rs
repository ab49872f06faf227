//! `GET /v1/returns/{id}`

use axum::{Json, extract::State};
use shared::{
    domain::order::Return,
    http::{App, CurrentUser, PathId, Problem},
};

use super::view::ReturnView;

/// Show a return
#[utoipa::path(get, path = "/v1/returns/{id}", tag = "returns", security(("bearer" = [])),
    params(("id" = String, Path)), responses((status = 200, body = ReturnView)))]
pub(crate) async fn show_return(
    user: CurrentUser,
    PathId(id): PathId<Return>,
    State(app): State<App>,
) -> Result<Json<ReturnView>, Problem> {
    let order = app.store.orders.find_by_return(id).await?;
    let order = order.filter(|order| user.is_admin() || order.user == Some(user.id));
    let view = order.as_ref().and_then(|order| order.find_return(id).ok().map(|each| ReturnView::of(order, each)));
    view.map(Json).ok_or_else(|| Problem::not_found("return"))
}
