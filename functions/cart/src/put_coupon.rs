//! `PUT /v1/cart/coupon`

use axum::{extract::State, response::Response};
use serde::Deserialize;
use shared::{
    domain::coupon::Coupon,
    http::{App, CurrentBuyer, IfMatch, Problem, Valid},
    validation::{Validate, Violations, rules::length},
};

use crate::{
    carts::{change_cart, load_cart},
    problems::CartProblem,
    view::{CartView, price, respond},
};

/// The coupon to apply.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PutCoupon {
    /// Case-insensitive.
    code: String,
}

impl Validate for PutCoupon {
    fn validate(&self, v: &mut Violations) {
        v.check("code", &self.code, length(1..=64));
    }
}

/// Apply a coupon
///
/// A cart has one coupon: it replaces the previous one. It is redeemed when the order is placed.
#[utoipa::path(put, path = "/v1/cart/coupon", tag = "cart", security(("bearer" = []), ("cartToken" = [])),
    request_body = PutCoupon, responses((status = 200, body = CartView)))]
pub(crate) async fn put_cart_coupon(
    CurrentBuyer { buyer, .. }: CurrentBuyer,
    expected: IfMatch,
    State(app): State<App>,
    Valid(wanted): Valid<PutCoupon>,
) -> Result<Response, Problem> {
    let code = Coupon::normalise_code(&wanted.code);
    let mut with_coupon = load_cart(&app, &buyer).await?;
    with_coupon.coupon_code = Some(code.clone());
    let refusal = price(&app, &buyer, &with_coupon).await?.coupon.and_then(|asked| asked.refusal);
    if let Some(refusal) = refusal {
        return Err(CartProblem::Coupon(refusal).into());
    }
    let cart = change_cart(&app, &buyer, &expected, |cart, now| {
        cart.use_coupon(Some(code.clone()), now);
        Ok(())
    })
    .await?;
    respond(&app, &buyer, &cart, None).await
}
