//! `GET /v1/orders/{idOrNumber}`

use axum::{Json, extract::State};
use shared::http::{App, CurrentUser, PathText, Problem};

use super::view::OrderView;
use crate::access::load_order;

/// Retrieve an order by its id or number
#[utoipa::path(get, path = "/v1/orders/{idOrNumber}", tag = "orders", security(("bearer" = [])),
    params(("idOrNumber" = String, Path)), responses((status = 200, body = OrderView)))]
pub(crate) async fn show_order(
    user: CurrentUser,
    PathText(key): PathText,
    State(app): State<App>,
) -> Result<Json<OrderView>, Problem> {
    let (order, visibility) = load_order(&app, user, &key).await?;
    let payment = app.store.payments.find(order.payment).await?;
    Ok(Json(OrderView::of(&order, payment.as_deref(), visibility)))
}
