//! What can be wrong with a coupon, as a problem.

use shared::{
    domain::coupon::InvalidCoupon,
    http::{FieldCode, Problem, ProblemCode},
    store::{StoreError, TransactionError, coupons::CODE_INDEX},
};

/// Why a coupon was not changed.
#[derive(Debug)]
pub(super) enum CouponProblem {
    /// There is none.
    NotFound,
    /// It promises what it cannot.
    Invalid(InvalidCoupon),
    /// Another one has its code.
    CodeTaken,
    /// The database could not do it.
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
                let code = if invalid == InvalidCoupon::NoValue { FieldCode::Missing } else { FieldCode::Invalid };
                let pointer = format!("/{}", invalid.field());
                Self::new(ProblemCode::ValidationFailed).field(pointer, code, invalid.to_string())
            }
            CouponProblem::CodeTaken => Self::new(ProblemCode::CouponCodeTaken),
            CouponProblem::Store(error) => error.into(),
        }
    }
}
