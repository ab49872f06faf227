//! The outcome of a command to a state machine.

use super::{
    order::{OrderStatus, ReturnStatus},
    payment::{PaymentStatus, RefundStatus},
    product::ProductStatus,
};

/// The outcome of a legal command. Messages and webhooks arrive more than once, so a repeat is a success too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "`Executed` has to be persisted, `AlreadyApplied` must not be"]
pub enum Idempotent {
    /// The command changed the aggregate: persist it.
    Executed,
    /// The command had been applied before: nothing to do.
    AlreadyApplied,
}

impl Idempotent {
    /// Whether there is something to persist.
    pub fn was_executed(self) -> bool {
        self == Self::Executed
    }
}

/// The state does not allow the command.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{command:?} is not allowed in the state {}", state.as_str())]
pub struct IllegalTransition {
    /// The command that was refused.
    pub command: Command,
    /// The state that refused it.
    pub state: State,
}

/// A command to a state machine, where it can be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "verb and aggregate")]
pub enum Command {
    ConfirmOrder,
    ReopenOrder,
    PickOrder,
    ShipOrder,
    DeliverOrder,
    CancelOrder,
    RequestReturn,
    ApproveReturn,
    RejectReturn,
    ReceiveReturn,
    RetryPayment,
    OpenIntent,
    RequireAction,
    FailPayment,
    MarkRefundPaid,
    RetryRefund,
    RejectRefund,
    RecordTransfer,
    ChangeMethod,
    UnpublishProduct,
    ArchiveProduct,
}

/// A state that refused a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Of an order.
    Order(OrderStatus),
    /// Of an order: some of its lines are shipped.
    PartlyShipped,
    /// Of an order: a charge is under way.
    BeingPaid,
    /// Of a return.
    Return(ReturnStatus),
    /// Of a payment.
    Payment(PaymentStatus),
    /// Of a refund.
    Refund(RefundStatus),
    /// Of a refund: the payment has none of this id.
    UnknownRefund,
    /// Of a refund: the gateway pays it out and reports it.
    PaidOutByGateway,
    /// Of a payment: the gateway may still charge it.
    ChargedByGateway,
    /// Of a product.
    Product(ProductStatus),
}

impl State {
    /// As the API spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Order(status) => status.as_str(),
            Self::PartlyShipped => "partly_shipped",
            Self::BeingPaid => "being_paid",
            Self::Return(status) => status.as_str(),
            Self::Payment(status) => status.as_str(),
            Self::Refund(status) => status.as_str(),
            Self::UnknownRefund => "unknown",
            Self::PaidOutByGateway => "paid_out_by_gateway",
            Self::ChargedByGateway => "charged_by_gateway",
            Self::Product(status) => status.as_str(),
        }
    }
}
