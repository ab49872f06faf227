//! What can happen.

use crate::stripe_double::{Failure, RefundOutcome};

/// A step. Numbers name one of what there is, modulo its count; a step about something that does not exist changes nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Step {
    /// From now on, orders are authorised when they are placed and captured when they are shipped.
    CaptureOnShipping,
    /// A person captures a part in the dashboard.
    CaptureInDashboard { order: usize, percent: i64 },
    /// The administrator captures what is authorised.
    Capture { order: usize },
    /// A customer fills the cart and checks out.
    CheckOut { customer: usize, quantity: i64, method: Method },
    /// The customer pays with another card.
    PayAgain { order: usize, method: Method },
    /// The customer completes 3-D Secure, or fails to.
    Authenticate { order: usize, succeeds: bool },
    /// The customer returns to the shop, which looks the payment up.
    Return { order: usize },
    /// The customer or the administrator cancels.
    Cancel { order: usize, by_customer: bool },
    /// The administrator hands the parcel over.
    Ship { order: usize },
    /// It arrives.
    Deliver { order: usize },
    /// The customer returns a unit, and the administrator receives it.
    SendBack { order: usize },
    /// The administrator refunds an amount.
    Refund { order: usize, amount: i64 },
    /// The administrator decides about a refund.
    Decide { order: usize, refund: usize, decision: Decision },
    /// The administrator finds a transfer of this part of the total on the bank statement.
    MarkPaid { order: usize, percent: i64 },
    /// A worker gets one of the messages that were not processed.
    DeliverOne { message: usize },
    /// A worker gets a message that was processed already.
    DeliverAgain { message: usize },
    /// The workers get every message.
    DeliverAll,
    /// The gateway delivers one of its events, for the first time or again.
    Webhook { event: usize },
    /// The next call of a kind fails.
    Fail { call: Call, failure: Failure },
    /// The gateway makes the next refund with this outcome.
    NextRefund { outcome: RefundOutcome },
    /// A refund comes to another state at the gateway.
    SettleRefund { refund: usize, outcome: RefundOutcome },
    /// A person refunds in the dashboard.
    RefundInDashboard { order: usize, amount: i64 },
    /// A person cancels the intent in the dashboard.
    CancelInDashboard { order: usize },
    /// Another program changes the amount that an intent is charged with.
    ChargeWrongly { order: usize },
    /// The cardholder disputes the charge.
    Dispute { order: usize },
    /// The issuer decides the oldest dispute that is open.
    CloseDispute { won: bool },
    /// Time passes.
    Wait { minutes: u64 },
    /// Maintenance runs.
    Maintain,
}

/// How an order is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    /// A card that is charged.
    Card,
    /// A card that is declined.
    DeclinedCard,
    /// A card that needs 3-D Secure.
    AuthenticatedCard,
    /// A token that the gateway does not know.
    UnknownToken,
    /// PayPal, after its redirect.
    Paypal,
    /// A bank transfer.
    Transfer,
}

/// What becomes of a refund.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// It is tried again.
    Retry,
    /// It is not owed any more.
    Reject,
    /// It was transferred.
    MarkPaid,
}

/// A call of the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    /// Opening an intent.
    Open,
    /// Confirming it.
    Confirm,
    /// Looking it up.
    LookUp,
    /// Cancelling it.
    Cancel,
    /// Capturing it.
    Capture,
    /// Making a refund.
    Refund,
    /// Listing refunds.
    ListRefunds,
}

impl Call {
    /// Its method and path.
    pub(super) const fn endpoint(self) -> (&'static str, &'static str) {
        match self {
            Self::Open => ("POST", "/v1/payment_intents"),
            Self::Confirm => ("POST", "/v1/payment_intents/*/confirm"),
            Self::LookUp => ("GET", "/v1/payment_intents/*"),
            Self::Cancel => ("POST", "/v1/payment_intents/*/cancel"),
            Self::Capture => ("POST", "/v1/payment_intents/*/capture"),
            Self::Refund => ("POST", "/v1/refunds"),
            Self::ListRefunds => ("GET", "/v1/refunds"),
        }
    }
}
