//! What can stand in the way of an order, as a problem.

use shared::{
    app::{end_order::EndOrderError, place_order::PlaceOrderError, quote::QuoteError},
    domain::{IllegalTransition, coupon::CouponRefusal, order::PARTLY_SHIPPED},
    http::{Problem, ProblemCode},
};

use crate::checkout::quote_view::QuoteView;

/// A price that does not fit is a mistake in the catalogue, not of the customer.
pub(crate) fn quote_problem(error: QuoteError) -> Problem {
    match error {
        QuoteError::Money(error) => Problem::internal(error),
        QuoteError::Store(error) => error.into(),
    }
}

/// Why an order was not placed.
pub(crate) fn place_problem(error: PlaceOrderError) -> Problem {
    let detail = error.to_string();
    match error {
        PlaceOrderError::CartEmpty => Problem::new(ProblemCode::CartEmpty),
        PlaceOrderError::CartChanged => Problem::new(ProblemCode::Conflict)
            .detail("The cart was changed or ordered meanwhile. Look at it and try again."),
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
            "missing",
            "give the token that the gateway's form answered",
        ),
        PlaceOrderError::ShippingUnavailable => {
            Problem::new(ProblemCode::ShippingUnavailable).field("/shippingMethod", "unavailable", &detail)
        }
        PlaceOrderError::Money(error) => Problem::internal(error),
        PlaceOrderError::Store(error) => error.into(),
    }
}

fn coupon_problem(refusal: CouponRefusal) -> Problem {
    Problem::new(ProblemCode::CouponInvalid).detail(refusal.to_string()).member("reason", refusal)
}

/// Why an order was not cancelled.
pub(crate) fn cancel_problem(error: EndOrderError) -> Problem {
    let detail = error.to_string();
    match error {
        EndOrderError::Illegal(error) if error.from == PARTLY_SHIPPED => Problem::new(ProblemCode::OrderNotCancellable)
            .detail("Part of the order has left, so it is not cancelled any more. What has left can be sent back."),
        EndOrderError::Illegal(_) => Problem::new(ProblemCode::OrderNotCancellable).detail(detail),
        EndOrderError::PaymentUnderWay => Problem::new(ProblemCode::OrderNotCancellable)
            .detail("A payment for the order is under way. Try again when it is decided.")
            .retry_after(60),
        EndOrderError::Store(error) => error.into(),
    }
}

/// The order is not where the request thinks it is.
pub(crate) fn illegal(error: IllegalTransition) -> Problem {
    Problem::new(ProblemCode::IllegalTransition).detail(error.to_string()).member("state", error.from)
}
