//! What can be wrong with a change of a review, as a problem.

use shared::{
    http::{Problem, ProblemCode},
    store::{StoreError, TransactionError, reviews::Voted},
};

/// Why a review was not changed.
#[derive(Debug)]
pub(crate) enum ReviewProblem {
    /// It does not exist, or not for them.
    NotFound,
    /// They have reviewed the product.
    AlreadyReviewed,
    /// It is their own.
    Own,
    /// The database could not do it.
    Store(StoreError),
}

impl From<StoreError> for ReviewProblem {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl TransactionError for ReviewProblem {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Store(error) = self { Some(error) } else { None }
    }
}

impl From<ReviewProblem> for Problem {
    fn from(problem: ReviewProblem) -> Self {
        match problem {
            ReviewProblem::NotFound => Self::not_found("review"),
            ReviewProblem::AlreadyReviewed => Self::new(ProblemCode::AlreadyReviewed),
            ReviewProblem::Own => Self::new(ProblemCode::OwnReview),
            ReviewProblem::Store(error) => error.into(),
        }
    }
}

/// A vote that counts, or why it does not.
pub(crate) fn counted(voted: Voted) -> Result<(), ReviewProblem> {
    match voted {
        Voted::Yes => Ok(()),
        Voted::Own => Err(ReviewProblem::Own),
        Voted::NoReview => Err(ReviewProblem::NotFound),
    }
}
