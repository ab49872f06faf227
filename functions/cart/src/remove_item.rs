//! `DELETE /v1/cart/items/{itemId}`

use axum::{extract::State, response::Response};
use shared::{
    domain::cart::CartItem,
    http::{App, CurrentBuyer, IfMatch, PathId, Problem},
};

use crate::{
    carts::change_cart,
    view::{CartView, respond},
};

/// Remove an item from the cart
#[utoipa::path(delete, path = "/v1/cart/items/{itemId}", tag = "cart", security(("bearer" = []), ("cartToken" = [])),
    params(("itemId" = String, Path)), responses((status = 200, body = CartView)))]
pub(crate) async fn remove_cart_item(
    CurrentBuyer { buyer, .. }: CurrentBuyer,
    PathId(item): PathId<CartItem>,
    expected: IfMatch,
    State(app): State<App>,
) -> Result<Response, Problem> {
    let cart = change_cart(&app, &buyer, &expected, |cart, now| Ok(cart.remove(item, now)?)).await?;
    respond(&app, &buyer, &cart, None).await
}
