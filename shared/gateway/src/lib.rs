//! The payment gateway: the trait that workers call, and the outcomes of a charge.
//!
//! An outcome is *succeeded*, *declined*, *action required* or *unknown*. Unknown (a time-out, a 5xx, a lost
//! connection) is never treated as failed: it is an error, and the caller looks the intent up before anything else.

pub mod stripe;

use async_trait::async_trait;

use shop_domain::{
    Currency, Id, Money,
    order::Order,
    payment::{Payment, PaymentDetails, PaymentMethod, PaymentSource, Refund},
};

pub use stripe::Stripe;

/// A payment gateway. Only confirming an intent charges, and an intent is charged once, however often it is confirmed:
/// a single charge does not depend on how long the gateway keeps idempotency keys.
#[async_trait]
pub trait PaymentGateway: Send + Sync + std::fmt::Debug {
    /// Opens an intent. Charges nothing, so an intent that was never recorded is harmless.
    async fn open(&self, charge: &Charge<'_>) -> Result<Intent, GatewayError>;

    /// Charges an open intent. Confirming a charged intent again changes nothing.
    async fn confirm(&self, intent: &str) -> Result<Intent, GatewayError>;

    /// Retrieves an intent.
    async fn look_up(&self, intent: &str) -> Result<Intent, GatewayError>;

    /// Cancels an intent, so that it is never charged. Answers its state afterwards: it may have been charged before.
    async fn cancel(&self, intent: &str) -> Result<Intent, GatewayError>;

    /// Refunds a charge, once per `refund`, however often it is called. Answers the gateway's id of the refund.
    async fn refund(&self, intent: &str, refund: Id<Refund>, amount: Money) -> Result<String, GatewayError>;
}

/// The parameters of an intent.
#[derive(Clone, Copy, Debug)]
pub struct Charge<'a> {
    /// The payment that records the charge.
    pub payment: Id<Payment>,
    /// The order that is paid.
    pub order: Id<Order>,
    /// The number of the attempt; the gateway's idempotency key derives from payment and attempt.
    pub attempt: i64,
    /// The amount to charge.
    pub amount: Money,
    /// The currency of the amount.
    pub currency: Currency,
    /// The type of payment method.
    pub method: PaymentMethod,
    /// The gateway's token of the customer's payment method.
    pub source: &'a PaymentSource,
}

/// A payment intent: the charge as the gateway knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// The gateway's id.
    pub id: String,
    /// The state of the charge.
    pub state: IntentState,
    /// Lets the frontend start 3-D Secure. Never stored.
    pub client_secret: Option<String>,
}

/// The state of an intent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IntentState {
    /// Not charged yet; can be confirmed.
    Open,
    /// The customer must authenticate (3-D Secure).
    ActionRequired,
    /// The charge is in progress.
    Processing,
    /// Charged.
    Succeeded {
        /// The captured amount.
        captured: Money,
        /// The card, as printed on receipts.
        details: Option<PaymentDetails>,
    },
    /// Declined.
    Declined {
        /// The gateway's message for the customer.
        reason: String,
    },
    /// Will never be charged.
    Cancelled,
}

/// A call without an outcome.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The outcome is unknown. Look the intent up before anything else.
    #[error("the gateway did not answer: {0}")]
    Unknown(String),
    /// The gateway rejected the request; a retry cannot succeed.
    #[error("the gateway refused the request: {0}")]
    Refused(String),
}
