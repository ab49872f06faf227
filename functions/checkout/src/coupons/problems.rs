//! Errors of coupons, and their problems.

use shared::{
    domain::coupon::InvalidCoupon,
    http::{FieldCode, Problem, ProblemCode},
    store::{StoreError, TransactionError, coupons::CODE_INDEX},
};

/// An error of a coupon change.
#[derive(Debug)]
pub(super) enum CouponProblem {
    /// No such coupon.
    NotFound,
    /// Its terms contradict each other.
    Invalid(InvalidCoupon),
    /// Another coupon has its code.
    CodeTaken,
    /// The store did not answer.
    Store(StoreError),
}

impl From<StoreError> for CouponProblem {
    fn from(error: StoreError) -> Self {
        if error.is_duplicate_of(CODE_INDEX) { Self::CodeTaken } else { Self::Store(error) }
    }
}
impl From<InvalidCoupon> for CouponProblem {
    fn from(error: InvalidCoupon) -> Self {
        Self::Invalid(error)
    }
}

impl TransactionError for CouponProblem {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Store(error) = self { Some(error) } else { None }
    }
}

impl From<CouponProblem> for Problem {
    fn from(problem: CouponProblem) -> Self {
        match problem {
            CouponProblem::NotFound => Self::not_found("coupon"),
            CouponProblem::Invalid(invalid) => {
                let is_missing = matches!(invalid, InvalidCoupon::NoValue | InvalidCoupon::NoCurrency);
                let code = if is_missing { FieldCode::Missing } else { FieldCode::Invalid };
                let pointer = format!("/{}", invalid.field());
                Self::new(ProblemCode::ValidationFailed).field(pointer, code, invalid.to_string())
            }
            CouponProblem::CodeTaken => Self::new(ProblemCode::CouponCodeTaken),
            CouponProblem::Store(error) => error.into(),
        }
    }
}
