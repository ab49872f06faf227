//! `POST /v1/orders/{id}/notes`

use axum::{Json, extract::State};
use serde::Deserialize;
use shared::{
    domain::order::Order,
    http::{App, PathId, Problem, ProblemCode, Seller, Valid},
    validation::{Validate, Violations, rules::lines},
};

use super::view::OrderView;
use crate::access::load_handled;

/// A remark of the shop, visible to administrators and its author.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddNote {
    text: String,
}

impl Validate for AddNote {
    fn validate(&self, v: &mut Violations) {
        v.check("text", &self.text, lines(2000));
    }
}

/// Add a note to an order
///
/// At most 100. Sellers see their own notes, administrators all, customers none.
#[utoipa::path(post, path = "/v1/orders/{id}/notes", tag = "orders", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = AddNote, responses((status = 200, body = OrderView)))]
pub(crate) async fn add_order_note(
    Seller(user): Seller,
    PathId(id): PathId<Order>,
    State(app): State<App>,
    Valid(remark): Valid<AddNote>,
) -> Result<Json<OrderView>, Problem> {
    let (mut order, visibility) = load_handled(&app, user, id).await?;
    let noted = order.note(remark.text, user.id, app.clock.now());
    noted.map_err(|error| Problem::new(ProblemCode::Conflict).detail(error.to_string()))?;
    app.store.orders.save(&mut order).await?;
    let payment = app.store.payments.find(order.payment).await?;
    Ok(Json(OrderView::of(&order, payment.as_deref(), visibility)))
}
