//! The problems of placing, cancelling and shipping orders.

use shared::{
    app::{end_order::EndOrderError, place_order::PlaceOrderError, quote::QuoteError, ship_order::ShipOrderError},
    domain::{State, coupon::CouponRefusal, order::ShipError},
    http::{FieldCode, Problem, ProblemCode},
};

use crate::checkout::quote_view::QuoteView;

/// An overflowing price is a mistake in the catalogue, so it is our error.
pub(crate) fn quote_problem(error: QuoteError) -> Problem {
    match error {
        QuoteError::Money(error) => Problem::internal(error),
        QuoteError::Store(error) => error.into(),
    }
}

/// The problem of an order that was not placed.
pub(crate) fn place_problem(error: PlaceOrderError) -> Problem {
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
        PlaceOrderError::NotChargeable(limits) => Problem::new(ProblemCode::TotalNotChargeable)
            .member("minimum", limits.minimum)
            .member("maximum", limits.maximum)
            .member("step", limits.step),
        PlaceOrderError::ShippingUnavailable => {
            Problem::new(ProblemCode::ShippingUnavailable).field("/shippingMethod", FieldCode::Unavailable, &detail)
        }
        PlaceOrderError::Money(error) => Problem::internal(error),
        PlaceOrderError::Store(error) => error.into(),
    }
}

fn coupon_problem(refusal: CouponRefusal) -> Problem {
    Problem::new(ProblemCode::CouponInvalid).detail(refusal.to_string()).member("reason", refusal)
}

/// The problem of an order that was not cancelled.
pub(crate) fn cancel_problem(error: EndOrderError) -> Problem {
    match error {
        EndOrderError::Illegal(error) => {
            let detail = match error.state {
                State::PartlyShipped => {
                    "Part of the order is shipped, so it cannot be cancelled. Shipped items can be returned.".to_owned()
                }
                state => format!("An order in the state `{}` cannot be cancelled.", state.as_str()),
            };
            Problem::new(ProblemCode::OrderNotCancellable).detail(detail).member("state", error.state.as_str())
        }
        EndOrderError::PaymentUnderWay => Problem::new(ProblemCode::OrderNotCancellable)
            .detail("A payment for the order is in progress. Retry when it is decided.")
            .member("state", State::BeingPaid.as_str())
            .retry_after(60),
        EndOrderError::Store(error) => error.into(),
    }
}

/// The problem of an order that was not shipped.
pub(crate) fn ship_problem(error: ShipOrderError) -> Problem {
    let detail = error.to_string();
    match error {
        ShipOrderError::Order(ShipError::Illegal(error)) => error.into(),
        ShipOrderError::Order(ShipError::HaveLeft(state)) | ShipOrderError::PaidBack(state) => {
            Problem::new(ProblemCode::IllegalTransition).detail(detail).member("state", state)
        }
        ShipOrderError::Disputed(state) => {
            Problem::new(ProblemCode::PaymentDisputed).detail(detail).member("state", state)
        }
        ShipOrderError::NotOnHand(sku) => {
            Problem::new(ProblemCode::InsufficientStock).detail(detail).member("sku", sku)
        }
        ShipOrderError::Store(error) => error.into(),
    }
}
