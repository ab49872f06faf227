//! The problems of quotes and of placing orders.

use shared::{
    app::{place_order::PlaceOrderError, quote::QuoteError},
    domain::coupon::CouponRefusal,
    http::{FieldCode, Problem, ProblemCode, payment_source::not_chargeable},
};

use super::quote_view::QuoteView;

/// An overflowing price is a mistake in the catalogue, so it is our error.
pub(super) fn quote_problem(error: QuoteError) -> Problem {
    match error {
        QuoteError::Money(error) => Problem::internal(error),
        QuoteError::Store(error) => error.into(),
    }
}

/// The problem of an order that was not placed.
pub(super) fn place_problem(error: PlaceOrderError) -> Problem {
    let detail = error.to_string();
    match error {
        PlaceOrderError::CartEmpty => Problem::new(ProblemCode::CartEmpty),
        PlaceOrderError::CartChanged => Problem::new(ProblemCode::Conflict)
            .detail("The cart was changed or ordered by another request. Load it again and retry."),
        PlaceOrderError::InsufficientStock { sku, available, .. } => Problem::new(ProblemCode::InsufficientStock)
            .detail(detail)
            .member("sku", sku)
            .member("available", available),
        PlaceOrderError::PriceChanged(quote) => {
            Problem::new(ProblemCode::PriceChanged).detail(detail).member("quote", QuoteView::of(*quote))
        }
        PlaceOrderError::Coupon(refusal) => coupon_problem(refusal),
        PlaceOrderError::NothingToCharge => Problem::new(ProblemCode::ValidationFailed).field(
            "/payment/token",
            FieldCode::Missing,
            "required: the token from the gateway's form",
        ),
        PlaceOrderError::NotChargeable(limits) => not_chargeable(limits),
        PlaceOrderError::ShippingUnavailable => {
            Problem::new(ProblemCode::ShippingUnavailable).field("/shippingMethod", FieldCode::Unavailable, &detail)
        }
        PlaceOrderError::StateMissing => {
            Problem::new(ProblemCode::ValidationFailed).field("/shippingAddress/state", FieldCode::Missing, &detail)
        }
        PlaceOrderError::Money(error) => Problem::internal(error),
        PlaceOrderError::Store(error) => error.into(),
    }
}

fn coupon_problem(refusal: CouponRefusal) -> Problem {
    Problem::new(ProblemCode::CouponInvalid).detail(refusal.to_string()).member("reason", refusal)
}
