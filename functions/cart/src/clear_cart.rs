//! `DELETE /v1/cart`

use axum::{extract::State, http::StatusCode};
use shared::http::{App, Buyer, IfMatch, Problem};

use crate::owner::Owner;

/// Clear the cart
#[utoipa::path(delete, path = "/v1/cart", tag = "cart", security(("bearer" = []), ("cartToken" = [])),
    responses((status = 204)))]
pub(crate) async fn clear_cart(buyer: Buyer, expected: IfMatch, State(app): State<App>) -> Result<StatusCode, Problem> {
    let owner = Owner::of(&buyer);
    owner
        .change(&app, &expected, |cart, now| {
            cart.clear(now);
            Ok(())
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
