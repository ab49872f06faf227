//! The problems of cancelling and shipping orders.

use shared::{
    app::{end_order::EndOrderError, ship_order::ShipOrderError},
    domain::{State, order::ShipError},
    http::{Problem, ProblemCode},
};

/// The problem of an order that was not cancelled.
pub(super) fn cancel_problem(error: EndOrderError) -> Problem {
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
        EndOrderError::Money(error) => Problem::internal(error),
        EndOrderError::Store(error) => error.into(),
    }
}

/// The problem of an order that was not shipped.
pub(super) fn ship_problem(error: ShipOrderError) -> Problem {
    let detail = error.to_string();
    match error {
        ShipOrderError::Order(ShipError::Illegal(error)) => error.into(),
        ShipOrderError::Order(ShipError::HaveLeft(state))
        | ShipOrderError::PaidBack(state)
        | ShipOrderError::Uncollected(state) => {
            Problem::new(ProblemCode::IllegalTransition).detail(detail).member("state", state)
        }
        ShipOrderError::Disputed(state) => {
            Problem::new(ProblemCode::PaymentDisputed).detail(detail).member("state", state)
        }
        ShipOrderError::NotOnHand(sku) => {
            Problem::new(ProblemCode::InsufficientStock).detail(detail).member("sku", sku)
        }
        ShipOrderError::Money(error) => Problem::internal(error),
        ShipOrderError::Store(error) => error.into(),
    }
}
