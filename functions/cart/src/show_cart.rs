//! `GET /v1/cart`

use axum::{extract::State, response::Response};
use shared::http::{App, Buyer, Problem};

use crate::{
    owner::Owner,
    view::{CartView, respond},
};

/// The cart
///
/// Prices and stock are those of this moment; what changed since a line was put in is told in its `problems`.
#[utoipa::path(get, path = "/v1/cart", tag = "cart", security(("bearer" = []), ("cartToken" = [])),
    responses((status = 200, body = CartView)))]
pub(crate) async fn show_cart(buyer: Buyer, State(app): State<App>) -> Result<Response, Problem> {
    let owner = Owner::of(&buyer);
    let cart = owner.load(&app).await?;
    respond(&app, &owner, &cart, None).await
}
