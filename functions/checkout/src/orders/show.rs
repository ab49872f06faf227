//! `GET /v1/orders/{idOrNumber}`

use axum::{
    Json,
    extract::{FromRef, State},
};
use shared::http::{App, CurrentUser, PathText, Problem};

use super::view::OrderView;
use crate::{
    CheckoutApp,
    access::{Visibility, load_order},
};

/// Retrieve an order by its id or number
///
/// If the customer must act (3-D Secure, a redirect), `payment` has the next action.
#[utoipa::path(get, path = "/v1/orders/{idOrNumber}", tag = "orders", security(("bearer" = [])),
    params(("idOrNumber" = String, Path)), responses((status = 200, body = OrderView)))]
pub(crate) async fn show_order(
    user: CurrentUser,
    PathText(key): PathText,
    State(state): State<CheckoutApp>,
) -> Result<Json<OrderView>, Problem> {
    let app = App::from_ref(&state);
    let (order, visibility) = load_order(&app, user, &key).await?;
    let payment = app.store.payments.find(order.payment).await?;
    let view = OrderView::of(&order, payment.as_deref(), visibility);
    let waiting = payment.filter(|payment| payment.action_required && visibility == Visibility::Owner);
    let Some(intent) = waiting.and_then(|payment| payment.transaction_id.clone()) else { return Ok(Json(view)) };
    // The secret and the page of the next action are read from the gateway when they are needed and never stored.
    let found = state.gateway.look_up(&intent).await.inspect_err(|error| {
        let error = error as &dyn std::error::Error;
        tracing::warn!(order = %order.id, error, "the next action of a payment could not be looked up");
    });
    Ok(Json(view.with_next_action(found.ok())))
}
