//! `GET /v1/cart`

use axum::{extract::State, response::Response};
use shared::http::{App, MaybeBuyer, Problem};

use crate::{
    owner::Owner,
    view::{CartView, respond},
};

/// Retrieve the cart
///
/// Prices and stock are those of this moment; what changed since a line was put in is told in its `problems`. A visitor without
/// a token gets an empty cart, of which nothing is kept: the first write answers with a token.
#[utoipa::path(get, path = "/v1/cart", tag = "cart", security((), ("bearer" = []), ("cartToken" = [])),
    responses((status = 200, body = CartView)))]
pub(crate) async fn show_cart(MaybeBuyer(buyer): MaybeBuyer, State(app): State<App>) -> Result<Response, Problem> {
    let (owner, cart) = match buyer {
        Some(buyer) => {
            let owner = Owner::of(&buyer);
            let cart = owner.load(&app).await?;
            (owner, cart)
        }
        None => Owner::visitor(app.clock.now()),
    };
    respond(&app, &owner, &cart, None).await
}
