//! `POST /v1/cart/merge`

use axum::{extract::State, response::Response};
use serde::Deserialize;
use shared::{
    app::merge_cart::{Merged, merge_cart},
    domain::Buyer,
    http::{App, CurrentUser, Problem, Valid},
    validation::{Validate, Violations, rules::length},
};

use crate::{
    carts::load_cart,
    problems::CartProblem,
    view::{CartView, respond},
};

/// The guest cart.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct MergeCart {
    cart_token: String,
}

impl Validate for MergeCart {
    fn validate(&self, v: &mut Violations) {
        v.check("cartToken", &self.cart_token, length(1..=128));
    }
}

/// Merge a guest cart
///
/// The customer's cart becomes the union of both; for a line in both, the guest's quantity wins, capped by the stock. Lines
/// that are sold out are kept with a problem. If the carts cannot be merged, both stay as they are: 409 `cart_full` past 100
/// lines, 422 `currency_mismatch`. A second merge changes nothing.
#[utoipa::path(post, path = "/v1/cart/merge", tag = "cart", security(("bearer" = [])),
    request_body = MergeCart, responses((status = 200, body = CartView)))]
pub(crate) async fn merge_guest_cart(
    user: CurrentUser,
    State(app): State<App>,
    Valid(wanted): Valid<MergeCart>,
) -> Result<Response, Problem> {
    let buyer = Buyer::Customer(user.id);
    let cart = match merge_cart(&app.store, user.id, &wanted.cart_token, app.clock.now()).await? {
        Merged::Into(cart) => *cart,
        Merged::Nothing => load_cart(&app, &buyer).await?,
        Merged::Refused(error) => return Err(CartProblem::Cart(error).into()),
    };
    respond(&app, &buyer, &cart, None).await
}
