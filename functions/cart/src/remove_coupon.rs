//! `DELETE /v1/cart/coupon`

use axum::{extract::State, response::Response};
use shared::http::{App, CurrentBuyer, IfMatch, Problem};

use crate::{
    carts::change_cart,
    view::{CartView, respond},
};

/// Remove the coupon
#[utoipa::path(delete, path = "/v1/cart/coupon", tag = "cart", security(("bearer" = []), ("cartToken" = [])),
    responses((status = 200, body = CartView)))]
pub(crate) async fn remove_cart_coupon(
    CurrentBuyer { buyer, .. }: CurrentBuyer,
    expected: IfMatch,
    State(app): State<App>,
) -> Result<Response, Problem> {
    let cart = change_cart(&app, &buyer, &expected, |cart, now| {
        cart.use_coupon(None, now);
        Ok(())
    })
    .await?;
    respond(&app, &buyer, &cart, None).await
}
