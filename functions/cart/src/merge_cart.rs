//! `POST /v1/cart/merge`

use axum::{extract::State, response::Response};
use serde::Deserialize;
use shared::{
    app::merge_cart::{Merged, merge_cart},
    http::{App, Buyer, CurrentUser, Problem, Valid},
    validation::{Validate, Violations, rules::length},
};

use crate::{
    owner::Owner,
    problems::CartProblem,
    view::{CartView, respond},
};

/// Which guest's cart.
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

/// Take a guest's cart over
///
/// The union of both carts; where both have a line, the guest's quantity wins, capped by the stock. What is sold out comes
/// along as a line with a problem. Both carts stay as they are if they do not fit into one: 409 `cart_full` past 100 lines,
/// 422 `currency_mismatch`. A second merge changes nothing.
#[utoipa::path(post, path = "/v1/cart/merge", tag = "cart", security(("bearer" = [])),
    request_body = MergeCart, responses((status = 200, body = CartView)))]
pub(crate) async fn merge_guest_cart(
    user: CurrentUser,
    State(app): State<App>,
    Valid(wanted): Valid<MergeCart>,
) -> Result<Response, Problem> {
    let owner = Owner::of(&Buyer::Customer(user));
    let cart = match merge_cart(&app.store, user.id, &wanted.cart_token, app.clock.now()).await? {
        Merged::Into(cart) => *cart,
        Merged::Nothing => owner.load(&app).await?,
        Merged::Refused(error) => return Err(CartProblem::Cart(error).into()),
    };
    respond(&app, &owner, &cart, None).await
}
