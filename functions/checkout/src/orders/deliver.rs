//! `POST /v1/orders/{id}/deliver`

use axum::{Json, extract::State};
use serde::Deserialize;
use shared::{
    domain::order::Order,
    http::{App, OptionalBody, PathId, Problem, Seller},
    validation::Validate,
};

use super::view::OrderView;
use crate::access::load_handled;

/// No fields yet.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeliverOrder {}

impl Validate for DeliverOrder {}

/// Mark an order as delivered
///
/// A seller marks the own parcels, an administrator all. The order is delivered once every line is shipped and every parcel has
/// arrived. Idempotent.
#[utoipa::path(post, path = "/v1/orders/{id}/deliver", tag = "orders", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = Option<DeliverOrder>, responses((status = 200, body = OrderView)))]
pub(crate) async fn deliver_order(
    Seller(user): Seller,
    PathId(id): PathId<Order>,
    State(app): State<App>,
    OptionalBody(_): OptionalBody<DeliverOrder>,
) -> Result<Json<OrderView>, Problem> {
    let (mut order, visibility) = load_handled(&app, user, id).await?;
    if order.deliver(visibility.lines(), Some(user.id), app.clock.now()).map_err(Problem::from)?.was_executed() {
        app.store.orders.save(&mut order).await?;
    }
    let payment = app.store.payments.find(order.payment).await?;
    Ok(Json(OrderView::of(&order, payment.as_deref(), visibility)))
}
