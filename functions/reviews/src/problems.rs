//! Errors of review changes, and their problems.

use shared::{
    app::change_review::ChangeReviewError,
    http::{Problem, ProblemCode},
    store::{StoreError, TransactionError, reviews::Voted},
};

/// An error of a review change.
#[derive(Debug)]
pub(crate) enum ReviewProblem {
    /// It does not exist, or is not visible to the caller.
    NotFound,
    /// The customer has reviewed the product already.
    AlreadyReviewed,
    /// A vote on the own review.
    Own,
    /// The store did not answer.
    Store(StoreError),
}

impl From<StoreError> for ReviewProblem {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<ChangeReviewError> for ReviewProblem {
    fn from(error: ChangeReviewError) -> Self {
        match error {
            ChangeReviewError::NotFound => Self::NotFound,
            ChangeReviewError::Store(error) => Self::Store(error),
        }
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

/// The outcome of a vote.
pub(crate) fn counted(voted: Voted) -> Result<(), ReviewProblem> {
    match voted {
        Voted::Yes => Ok(()),
        Voted::Own => Err(ReviewProblem::Own),
        Voted::NoReview => Err(ReviewProblem::NotFound),
    }
}
