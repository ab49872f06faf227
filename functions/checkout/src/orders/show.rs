//! `GET /v1/orders/{idOrNumber}`

use axum::{Json, extract::State};
use shared::http::{App, PathText, Problem, instructions::InstructionsView};

use super::view::OrderView;
use crate::access::{OrderCaller, load_order};

/// Retrieve an order by its id or number
///
/// A guest sends the token of the cart that was ordered. While a bank transfer is owed, the payment has its instructions.
#[utoipa::path(get, path = "/v1/orders/{idOrNumber}", tag = "orders",
    security(("bearer" = []), ("cartToken" = [])), params(("idOrNumber" = String, Path)), responses((status = 200, body = OrderView)))]
pub(crate) async fn show_order(
    caller: OrderCaller,
    PathText(key): PathText,
    State(app): State<App>,
) -> Result<Json<OrderView>, Problem> {
    let (order, visibility) = load_order(&app, &caller, &key).await?;
    let payment = app.store.payments.find(order.payment).await?;
    let instructions = match &payment {
        Some(payment) => InstructionsView::find(&app, &order, payment).await?,
        None => None,
    };
    Ok(Json(OrderView::of(&order, payment.as_deref(), visibility).with_instructions(instructions)))
}
