//! Errors of payment commands, and their problems.

use shared::{
    app::record_payment::RecordError,
    domain::{
        IllegalTransition,
        payment::{CaptureError, RefundError},
    },
    http::{FieldCode, Problem, ProblemCode},
    store::{StoreError, TransactionError},
};

/// An error of a payment command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PaymentProblem {
    /// There is nothing to confirm.
    #[error("the payment cannot be confirmed now")]
    NotConfirmable,
    /// The command is not allowed in the payment's state.
    #[error(transparent)]
    Illegal(#[from] IllegalTransition),
    /// The capture is not possible.
    #[error(transparent)]
    Capture(#[from] CaptureError),
    /// The refund is not possible.
    #[error(transparent)]
    Refund(#[from] RefundError),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl TransactionError for PaymentProblem {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Store(error) = self { Some(error) } else { None }
    }
}

impl From<RecordError> for PaymentProblem {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Illegal(error) => Self::Illegal(error),
            RecordError::Refund(error) => Self::Refund(error),
            RecordError::Store(error) => Self::Store(error),
        }
    }
}

impl From<PaymentProblem> for Problem {
    fn from(problem: PaymentProblem) -> Self {
        let detail = problem.to_string();
        match problem {
            PaymentProblem::NotConfirmable => Self::new(ProblemCode::PaymentNotConfirmable),
            PaymentProblem::Illegal(error) => error.into(),
            PaymentProblem::Capture(error) => match error {
                CaptureError::ExceedsAuthorised { left } => {
                    Self::new(ProblemCode::NothingToCapture).detail(detail).member("capturable", left)
                }
                CaptureError::NotPositive => {
                    Self::new(ProblemCode::ValidationFailed).field("/amount", FieldCode::OutOfRange, &detail)
                }
                CaptureError::Money(error) => Self::internal(error),
            },
            PaymentProblem::Refund(error) => match error {
                RefundError::NotCompleted => Self::new(ProblemCode::IllegalTransition).detail(detail),
                RefundError::ExceedsCaptured { left } => {
                    Self::new(ProblemCode::RefundExceedsCaptured).detail(detail).member("refundable", left)
                }
                RefundError::NotPositive => {
                    Self::new(ProblemCode::ValidationFailed).field("/amount", FieldCode::OutOfRange, &detail)
                }
                RefundError::Money(error) => Self::internal(error),
            },
            PaymentProblem::Store(error) => error.into(),
        }
    }
}
