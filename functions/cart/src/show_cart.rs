//! `GET /v1/cart`

use axum::{extract::State, response::Response};
use shared::{
    domain::Buyer,
    http::{App, CurrentBuyer, MaybeBuyer, Problem},
};

use crate::{
    carts::{empty_cart, load_cart},
    view::{CartView, respond},
};

/// Retrieve the cart
///
/// Prices and stock are those of this moment; what changed since a line was put in is told in its `problems`. A visitor without
/// a token gets an empty cart, of which nothing is kept: the first write answers with a token.
#[utoipa::path(get, path = "/v1/cart", tag = "cart", security((), ("bearer" = []), ("cartToken" = [])),
    responses((status = 200, body = CartView)))]
pub(crate) async fn show_cart(MaybeBuyer(buyer): MaybeBuyer, State(app): State<App>) -> Result<Response, Problem> {
    let Some(CurrentBuyer { buyer, .. }) = buyer else {
        // A visitor: no token opens this cart.
        let visitor = Buyer::Guest(String::new());
        return respond(&app, &visitor, &empty_cart(&visitor, app.clock.now()), None).await;
    };
    let cart = load_cart(&app, &buyer).await?;
    respond(&app, &buyer, &cart, None).await
}
