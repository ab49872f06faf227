//! `GET /v1/cart`

use axum::{extract::State, response::Response};
use shared::http::{App, Buyer, Problem};

use crate::{
    owner::Owner,
    view::{CartView, respond},
};

/// Retrieve the cart
///
/// With current prices and stock; changes since a line was added are listed in its `problems`.
#[utoipa::path(get, path = "/v1/cart", tag = "cart", security(("bearer" = []), ("cartToken" = [])),
    responses((status = 200, body = CartView)))]
pub(crate) async fn show_cart(buyer: Buyer, State(app): State<App>) -> Result<Response, Problem> {
    let owner = Owner::of(&buyer);
    let cart = owner.load(&app).await?;
    respond(&app, &owner, &cart, None).await
}
