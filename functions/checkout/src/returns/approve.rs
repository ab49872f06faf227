//! `POST /v1/returns/{id}/approve`

use axum::{Json, extract::State};
use shared::{
    domain::order::{Order, Return},
    http::{Admin, App, PathId, Problem},
};

use super::{
    decide::{Command, decide},
    view::ReturnView,
};

/// Approve a return
#[utoipa::path(post, path = "/v1/returns/{id}/approve", tag = "returns", security(("bearer" = [])),
    params(("id" = String, Path)), responses((status = 200, body = ReturnView)))]
pub(crate) async fn approve_return(
    _: Admin,
    PathId(id): PathId<Return>,
    State(app): State<App>,
) -> Result<Json<ReturnView>, Problem> {
    let command = Command { apply: Order::approve_return, messages: |_, _, _| Vec::new() };
    Ok(Json(decide(&app, id, &command).await?))
}
