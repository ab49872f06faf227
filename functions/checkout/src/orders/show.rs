//! `GET /v1/orders/{idOrNumber}`

use axum::{
    Json,
    extract::{FromRef, State},
};
use shared::http::{App, PathText, Problem, instructions::InstructionsView};

use super::view::OrderView;
use crate::{
    CheckoutApp,
    access::{OrderCaller, Visibility, load_order},
};

/// Retrieve an order by its id or number
///
/// A guest sends the token of the cart that was ordered. If the customer must act (3-D Secure, a redirect), `payment` has the
/// next action; while a bank transfer is owed, it has the instructions.
#[utoipa::path(get, path = "/v1/orders/{idOrNumber}", tag = "orders",
    security(("bearer" = []), ("cartToken" = [])), params(("idOrNumber" = String, Path)),
    responses((status = 200, body = OrderView)))]
pub(crate) async fn show_order(
    caller: OrderCaller,
    PathText(key): PathText,
    State(state): State<CheckoutApp>,
) -> Result<Json<OrderView>, Problem> {
    let app = App::from_ref(&state);
    let (order, visibility) = load_order(&app, &caller, &key).await?;
    let payment = app.store.payments.find(order.payment).await?;
    let instructions = match &payment {
        Some(payment) => InstructionsView::find(&app, &order, payment).await?,
        None => None,
    };
    let view = OrderView::of(&order, payment.as_deref(), visibility).with_instructions(instructions);
    let waiting = payment.filter(|payment| payment.action_required && visibility == Visibility::Owner);
    let Some(intent) = waiting.and_then(|payment| payment.transaction_id.clone()) else { return Ok(Json(view)) };
    // The secret and the page of the next action are read from the gateway when they are needed and never stored.
    let found = state.gateway.look_up(&intent).await.inspect_err(|error| {
        let error = error as &dyn std::error::Error;
        tracing::warn!(order = %order.id, error, "the next action of a payment could not be looked up");
    });
    Ok(Json(view.with_next_action(found.ok())))
}
