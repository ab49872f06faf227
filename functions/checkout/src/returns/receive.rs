//! `POST /v1/returns/{id}/receive`

use axum::{Json, extract::State};
use shared::{
    domain::{
        message::Event,
        order::{Order, Return},
    },
    http::{Admin, App, PathId, Problem},
};

use super::{
    decide::{Command, decide},
    view::ReturnView,
};

/// Receive a return
///
/// Marks the parcel of an approved return as received. Restocking and refund follow asynchronously, once. Idempotent.
#[utoipa::path(post, path = "/v1/returns/{id}/receive", tag = "returns", security(("bearer" = [])),
    params(("id" = String, Path)), responses((status = 200, body = ReturnView)))]
pub(crate) async fn receive_return(
    _: Admin,
    PathId(id): PathId<Return>,
    State(app): State<App>,
) -> Result<Json<ReturnView>, Problem> {
    let command = Command {
        apply: Order::record_arrival,
        messages: |order, id, now| vec![Event::OrderReturned { order_id: order.id, return_id: id }.now(now)],
    };
    Ok(Json(decide(&app, id, &command).await?))
}
