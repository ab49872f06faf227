//! Errors of returns, and their problems.

use shared::{
    domain::{IllegalTransition, order::ReturnError},
    http::{FieldCode, Problem, ProblemCode},
    store::{StoreError, TransactionError},
};

/// An error of a return command.
#[derive(Debug)]
pub(super) enum ReturnProblem {
    /// No such return, or not visible to the caller.
    NotFound(&'static str),
    /// The line is not shipped.
    NotReturnable(IllegalTransition),
    /// The order has no such line; its index in the request.
    UnknownLine(usize),
    /// The command is not allowed in the return's state.
    Refused(ReturnError),
    /// The store did not answer.
    Store(StoreError),
}

impl From<StoreError> for ReturnProblem {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
impl From<ReturnError> for ReturnProblem {
    fn from(error: ReturnError) -> Self {
        Self::Refused(error)
    }
}

impl TransactionError for ReturnProblem {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Store(error) = self { Some(error) } else { None }
    }
}

impl From<ReturnProblem> for Problem {
    fn from(problem: ReturnProblem) -> Self {
        match problem {
            ReturnProblem::NotFound(what) => Self::not_found(what),
            ReturnProblem::NotReturnable(error) => Self::new(ProblemCode::NotReturnable)
                .detail("Only shipped items can be returned.")
                .member("state", error.state.as_str()),
            ReturnProblem::UnknownLine(index) => Self::new(ProblemCode::UnknownReference).field(
                format!("/items/{index}/itemId"),
                FieldCode::UnknownReference,
                "the order has no such line",
            ),
            ReturnProblem::Refused(error) => refused(error),
            ReturnProblem::Store(error) => error.into(),
        }
    }
}

fn refused(error: ReturnError) -> Problem {
    match error {
        ReturnError::Illegal(error) => error.into(),
        ReturnError::UnknownReturn => Problem::not_found("return"),
        ReturnError::TooMany { item, left } => Problem::new(ProblemCode::NotReturnable)
            .detail(format!("Only {left} of that line can still be returned."))
            .member("itemId", item)
            .member("left", left),
        ReturnError::ReasonNeeded => {
            Problem::new(ProblemCode::ValidationFailed).field("/reason", FieldCode::Missing, error.to_string())
        }
        // A stored return always names lines of its order.
        ReturnError::UnknownItem(_) | ReturnError::Money(_) => Problem::internal(error),
    }
}
