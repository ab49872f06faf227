//! Errors of cart changes, and their problems.

use shared::{
    app::quote::QuoteError,
    domain::{cart::CartError, coupon::CouponRefusal, product::NotSellable},
    http::{FieldCode, Problem, ProblemCode},
};

/// An error of a cart change.
#[derive(Debug)]
pub(crate) enum CartProblem {
    /// The cart's own rules.
    Cart(CartError),
    /// The product has no such variant, or is not for sale.
    NotSellable(NotSellable),
    /// The coupon is not applicable.
    Coupon(CouponRefusal),
}

impl From<CartError> for CartProblem {
    fn from(error: CartError) -> Self {
        Self::Cart(error)
    }
}

impl From<CartProblem> for Problem {
    fn from(problem: CartProblem) -> Self {
        match problem {
            CartProblem::Cart(error) => match error {
                CartError::UnknownItem => Self::not_found("line"),
                CartError::InsufficientStock { available } => {
                    Self::new(ProblemCode::InsufficientStock).detail(error.to_string()).member("available", available)
                }
                CartError::TooManyLines => Self::new(ProblemCode::CartFull).detail(error.to_string()),
                CartError::TooManyUnits => Self::new(ProblemCode::ValidationFailed).field(
                    "/quantity",
                    FieldCode::OutOfRange,
                    "a line holds at most 999 units, including those already in the cart",
                ),
                CartError::CurrencyMismatch { .. } => {
                    Self::new(ProblemCode::CurrencyMismatch).detail(error.to_string())
                }
            },
            CartProblem::NotSellable(error) => match error {
                NotSellable::VariantRequired => {
                    Self::new(ProblemCode::ValidationFailed).field("/variant", FieldCode::Missing, error.to_string())
                }
                NotSellable::UnknownVariant => Self::new(ProblemCode::ValidationFailed).field(
                    "/variant",
                    FieldCode::UnknownReference,
                    error.to_string(),
                ),
                NotSellable::Price(_) => Self::internal(error),
            },
            CartProblem::Coupon(refusal) => {
                Self::new(ProblemCode::CouponInvalid).detail(refusal.to_string()).member("reason", refusal)
            }
        }
    }
}

/// An overflowing price is a mistake in the catalogue, so it is our error.
pub(crate) fn quote_problem(error: QuoteError) -> Problem {
    match error {
        QuoteError::Money(error) => Problem::internal(error),
        QuoteError::Store(error) => error.into(),
    }
}
