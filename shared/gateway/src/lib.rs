//! Where money moves: the one trait between us and a payment gateway, and what its answers mean.
//!
//! A gateway's answer is *succeeded*, *declined*, *action required* or *unknown*. Unknown (a time-out, a 5xx, a lost
//! connection) is never treated as failed: it is an error here, and whoever gets it looks the intent up before doing
//! anything else.

pub mod stripe;

use async_trait::async_trait;

use shop_domain::{
    Currency, Id, Money,
    order::Order,
    payment::{Payment, PaymentDetails, PaymentMethod, PaymentSource, Refund},
};

pub use stripe::Stripe;

/// A payment gateway. Money moves only by confirming an intent, and an intent moves it once, however often
/// it is confirmed: exactness does not depend on the gateway's memory for idempotency keys.
#[async_trait]
pub trait PaymentGateway: Send + Sync + std::fmt::Debug {
    /// Prepares a charge. Moves no money: an intent that nobody remembers is harmless.
    async fn open(&self, wanted: &Charge<'_>) -> Result<Intent, GatewayError>;

    /// Charges an open intent. Confirming a charged one again changes nothing.
    async fn confirm(&self, intent: &str) -> Result<Intent, GatewayError>;

    /// How an intent stands.
    async fn look_up(&self, intent: &str) -> Result<Intent, GatewayError>;

    /// Makes sure that an intent is never charged. The answer is how it stands afterwards: it may have been charged before.
    async fn cancel(&self, intent: &str) -> Result<Intent, GatewayError>;

    /// Gives money back, once per `refund`, however often it is called. Answers the gateway's id of it.
    async fn refund(&self, intent: &str, refund: Id<Refund>, amount: Money) -> Result<String, GatewayError>;
}

/// A charge that is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Charge<'a> {
    /// Our record of it.
    pub payment: Id<Payment>,
    /// For which order.
    pub order: Id<Order>,
    /// Which attempt; the gateway's idempotency key derives from payment and attempt.
    pub attempt: i64,
    /// How much.
    pub amount: Money,
    /// Of what.
    pub currency: Currency,
    /// By which method.
    pub method: PaymentMethod,
    /// From which source.
    pub source: &'a PaymentSource,
}

/// A charge as the gateway knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// The gateway's id of it.
    pub id: String,
    /// How it stands.
    pub state: IntentState,
    /// What the frontend needs to let the customer act. Never stored.
    pub client_secret: Option<String>,
}

/// How a charge stands at the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IntentState {
    /// Not charged yet; can be confirmed.
    Open,
    /// Waits for the customer (3-D Secure).
    ActionRequired,
    /// Being charged.
    Processing,
    /// Charged.
    Succeeded {
        /// How much arrived.
        captured: Money,
        /// The card, as printed on receipts.
        details: Option<PaymentDetails>,
    },
    /// Declined; `reason` is for the customer.
    Declined {
        /// In words.
        reason: String,
    },
    /// Will never be charged.
    Cancelled,
}

/// Why a gateway gave no answer that could be acted on.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// Nobody knows whether it happened. Look it up before anything else.
    #[error("the gateway did not answer: {0}")]
    Unknown(String),
    /// The gateway did not accept the request as it was made; trying it again will not help.
    #[error("the gateway refused the request: {0}")]
    Refused(String),
}
