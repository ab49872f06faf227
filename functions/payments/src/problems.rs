//! Errors of payment commands, and their problems.

use shared::{
    app::{record_payment::RecordError, record_transfer::RecordTransferError},
    domain::{
        IllegalTransition, Money, State,
        payment::{CaptureError, GatewayName, Payment, RefundError},
    },
    gateway::stripe,
    http::{FieldCode, Problem, ProblemCode},
    store::{StoreError, TransactionError},
};

/// An error of a payment command.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PaymentProblem {
    /// There is nothing to confirm.
    #[error("the payment cannot be confirmed now")]
    NotConfirmable,
    /// Its line of the bank statement is recorded already.
    #[error("a transfer with this reference is recorded already")]
    ReferenceUsed,
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

impl From<RecordTransferError> for PaymentProblem {
    fn from(error: RecordTransferError) -> Self {
        match error {
            RecordTransferError::ReferenceUsed => Self::ReferenceUsed,
            RecordTransferError::Record(error) => error.into(),
        }
    }
}

impl From<PaymentProblem> for Problem {
    fn from(problem: PaymentProblem) -> Self {
        let detail = problem.to_string();
        match problem {
            PaymentProblem::NotConfirmable => Self::new(ProblemCode::PaymentNotConfirmable),
            PaymentProblem::ReferenceUsed => {
                Self::new(ProblemCode::ReferenceUsed).field("/reference", FieldCode::Taken, &detail)
            }
            PaymentProblem::Illegal(error) if error.state == State::ChargedByGateway => Self::new(
                ProblemCode::IllegalTransition,
            )
            .detail(
                "The gateway may still charge this payment. Record the transfer once the payment is completed, or its \
                         order has ended and the charge is voided.",
            )
            .member("state", error.state.as_str()),
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

/// The gateway counts in steps: an amount between two of them can be neither captured nor refunded.
pub(crate) fn check_step(payment: &Payment, amount: Option<Money>) -> Result<(), Problem> {
    let step = stripe::charge_limits(payment.currency).step.minor().max(1);
    let is_between = amount.is_some_and(|amount| amount.minor() % step != 0);
    if payment.gateway != GatewayName::Stripe || !is_between {
        return Ok(());
    }
    let message = format!("must be a multiple of {step}");
    let problem = Problem::new(ProblemCode::ValidationFailed).member("step", step);
    Err(problem.field("/amount", FieldCode::OutOfRange, message))
}
