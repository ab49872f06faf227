//! `DELETE /v1/cart`

use axum::{extract::State, http::StatusCode};
use shared::http::{App, CurrentBuyer, IfMatch, Problem};

use crate::carts::change_cart;

/// Clear the cart
#[utoipa::path(delete, path = "/v1/cart", tag = "cart", security(("bearer" = []), ("cartToken" = [])),
    responses((status = 204)))]
pub(crate) async fn clear_cart(
    CurrentBuyer { buyer, .. }: CurrentBuyer,
    expected: IfMatch,
    State(app): State<App>,
) -> Result<StatusCode, Problem> {
    change_cart(&app, &buyer, &expected, |cart, now| {
        cart.clear(now);
        Ok(())
    })
    .await?;
    Ok(StatusCode::NO_CONTENT)
}
