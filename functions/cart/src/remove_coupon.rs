//! `DELETE /v1/cart/coupon`

use axum::{extract::State, response::Response};
use shared::http::{App, Buyer, IfMatch, Problem};

use crate::{
    owner::Owner,
    view::{CartView, respond},
};

/// Remove the coupon
#[utoipa::path(delete, path = "/v1/cart/coupon", tag = "cart", security(("bearer" = []), ("cartToken" = [])),
    responses((status = 200, body = CartView)))]
pub(crate) async fn remove_cart_coupon(
    buyer: Buyer,
    expected: IfMatch,
    State(app): State<App>,
) -> Result<Response, Problem> {
    let owner = Owner::of(&buyer);
    let cart = owner
        .change(&app, &expected, |cart, now| {
            cart.use_coupon(None, now);
            Ok(())
        })
        .await?;
    respond(&app, &owner, &cart, None).await
}
