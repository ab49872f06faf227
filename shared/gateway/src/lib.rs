//! Payment gateways: one trait, and what a gateway's answers mean.
//!
//! The outcome of a charge is *succeeded*, *declined*, *action required* or *unknown*. Unknown (a time-out, a 5xx, a lost
//! connection) is never treated as failed: it is an error here, and the caller looks the intent up before anything else.
//! Only the card's fault is a decline. A fault of the shop (a wrong key, a missing right) is an error that is retried and
//! alarmed, and never told to the buyer.

mod answer;
pub mod stripe;

use async_trait::async_trait;

use shop_domain::{
    Currency, Id, Money, Timestamp,
    order::Order,
    payment::{
        Authorisation, Capture, CaptureMode, CardDetails, Failure, GatewayDispute, GatewayRefund, Payment,
        PaymentMethod, PaymentSource, Refund,
    },
    saved_method::CardOnFile,
    user::User,
};

pub use answer::GatewayAnswer;
pub use stripe::Stripe;

/// A payment gateway. Money moves only by confirming an intent, and an intent moves it once, however often
/// it is confirmed: exactness does not depend on the gateway's memory for idempotency keys. An intent that is captured on
/// shipping is only authorised then, and each capture takes a part of the authorised amount.
#[async_trait]
pub trait PaymentGateway: Send + Sync + std::fmt::Debug {
    /// Prepares a charge. Moves no money: an intent that is never confirmed is harmless.
    async fn open(&self, charge: &Charge<'_>) -> Result<Intent, GatewayError>;

    /// Charges an open intent. Confirming a charged one again changes nothing. `return_url`: where the customer comes back to
    /// from the page of an intent that redirects.
    async fn confirm(&self, intent: &str, return_url: Option<&str>) -> Result<Intent, GatewayError>;

    /// The current state of an intent.
    async fn look_up(&self, intent: &str) -> Result<Intent, GatewayError>;

    /// Captures a part of an authorised intent. The caller has looked the intent up before, so a repeat of the same attempt
    /// captures no other part.
    async fn capture(&self, intent: &str, capture: &CaptureRequest) -> Result<Intent, GatewayError>;

    /// Makes sure that an intent is never charged, or not any further. Returns its state afterwards: it may have been charged
    /// before.
    async fn cancel(&self, intent: &str) -> Result<Intent, GatewayError>;

    /// Every refund and dispute of an intent, by whomever it was made.
    async fn history(&self, intent: &str, currency: Currency) -> Result<History, GatewayError>;

    /// The charges that were opened in a window of time, a page at a time: those after the last one of the previous page.
    async fn list(&self, window: Window, after: Option<&str>) -> Result<Page, GatewayError>;

    /// Makes a refund. The caller has looked it up in the history before, so a repeat of the same attempt makes no other.
    async fn refund(&self, intent: &str, refund: &RefundRequest) -> Result<GatewayRefund, GatewayError>;

    /// Makes the customer at the gateway, who owns saved cards, or the one who replaces a customer whom the gateway no longer
    /// knows. A repeat within a day makes no other.
    async fn create_customer(&self, user: Id<User>, replaces: Option<&str>) -> Result<String, GatewayError>;

    /// Keeps a card for later charges of the customer. Saving the same one again changes nothing.
    async fn save_method(&self, customer: &str, source: &PaymentSource) -> Result<CardOnFile, GatewayError>;

    /// Makes sure that a saved card is never charged again. Succeeds if it was detached before.
    async fn detach_method(&self, method: &PaymentSource) -> Result<(), GatewayError>;
}

/// A charge to prepare.
#[derive(Clone, Copy, Debug)]
pub struct Charge<'a> {
    /// The payment, which owns the intent.
    pub payment: Id<Payment>,
    /// Its order.
    pub order: Id<Order>,
    /// The number of the attempt; the gateway's idempotency key derives from payment and attempt.
    pub attempt: i64,
    /// Minor units.
    pub amount: Money,
    /// Of the amount.
    pub currency: Currency,
    /// The payment method.
    pub method: PaymentMethod,
    /// The token to charge; `None` if the customer chooses at the gateway, as with PayPal.
    pub source: Option<&'a PaymentSource>,
    /// The customer at the gateway who owns the source, or will.
    pub customer: Option<&'a str>,
    /// Whether the source is kept for later charges of the customer.
    pub saves_source: bool,
    /// Whether the confirmation charges the amount or only authorises it.
    pub capture: CaptureMode,
}

/// A capture to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaptureRequest {
    /// Our id of it, which the gateway keeps of the latest one.
    pub capture: Id<Capture>,
    /// The number of the attempt; the gateway's idempotency key derives from capture and attempt.
    pub attempt: i64,
    /// Minor units.
    pub amount: Money,
    /// Of the amount.
    pub currency: Currency,
    /// Whether the gateway releases what is authorised beyond it.
    pub is_final: bool,
}

/// A refund to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefundRequest {
    /// Our id of it, which the gateway keeps.
    pub refund: Id<Refund>,
    /// The number of the attempt; the gateway's idempotency key derives from refund and attempt.
    pub attempt: i64,
    /// Minor units.
    pub amount: Money,
    /// Of the amount.
    pub currency: Currency,
}

/// A charge as the gateway knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// The gateway's id of it.
    pub id: String,
    /// The payment that owns it; `None` if the shop did not make it.
    pub payment: Option<Id<Payment>>,
    /// The currency's code as the gateway spells it, in capitals.
    pub currency: String,
    /// Its state.
    pub state: IntentState,
    /// Whether its confirmation charged the amount or only authorised it.
    pub capture: CaptureMode,
    /// Our id of the latest capture that the shop made.
    pub latest_capture: Option<Id<Capture>>,
    /// What the frontend needs to let the customer act. Never stored.
    pub client_secret: Option<String>,
    /// What is kept of the answer.
    pub answer: GatewayAnswer,
    /// The page of the gateway on which the customer acts, if it is not within the frontend. Never stored.
    pub redirect_url: Option<String>,
    /// Whether its payment method redirects, so that confirming it needs a URL to return to.
    pub redirects: bool,
    /// The payment method that it charges.
    pub payment_method: Option<PaymentSource>,
}

/// The state of a charge at the gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IntentState {
    /// Not charged yet; can be confirmed.
    Open,
    /// Waits for the customer (3-D Secure, a redirect).
    ActionRequired,
    /// Being charged.
    Processing,
    /// Authorised: a part, or all of it, can be captured.
    Authorised {
        /// What can be captured, and until when.
        authorisation: Authorisation,
        /// What was captured, minor units; `None` if this or what is authorised is no whole number of them.
        captured: Option<Money>,
        /// The card, as printed on receipts.
        details: Option<CardDetails>,
    },
    /// Charged.
    Succeeded {
        /// What was charged, minor units; `None` if it is no whole number of them.
        captured: Option<Money>,
        /// The card, as printed on receipts.
        details: Option<CardDetails>,
    },
    /// Declined.
    Declined(Failure),
    /// Will never be charged.
    Cancelled,
}

/// What happened to a charge after it succeeded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Every refund, also those made by hand in the gateway's dashboard.
    pub refunds: Vec<GatewayRefund>,
    /// Every dispute.
    pub disputes: Vec<GatewayDispute>,
}

/// A window of time: from the first to before the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// The beginning.
    pub from: Timestamp,
    /// The end, exclusive.
    pub until: Timestamp,
}

/// A part of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// In the gateway's order.
    pub charges: Vec<ListedCharge>,
    /// The intent of the last one, if there are more.
    pub next: Option<String>,
}

/// A charge in a list: without what a call of its own would have to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedCharge {
    /// The charge; a succeeded one has no card details, and a waiting one no client secret.
    pub intent: Intent,
    /// What was refunded, minor units; `None` if it is no whole number of them.
    pub refunded: Option<Money>,
    /// Whether it was disputed, however that ended.
    pub disputed: bool,
}

/// Why a call had no outcome that can be recorded.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// It is not known whether it happened. Look it up before anything else.
    #[error("the gateway did not answer: {0}")]
    Unknown(String),
    /// The payment method is not valid, or the amount cannot be charged; no charge happened.
    #[error("the payment method was refused: {}", .0.reason)]
    InvalidMethod(Failure),
    /// The gateway does not know the intent.
    #[error("the gateway does not know the intent: {0}")]
    NotFound(String),
    /// The gateway no longer knows the customer: make another one.
    #[error("the gateway does not know the customer: {0}")]
    UnknownCustomer(String),
    /// The gateway refuses the request because of the state or the amount: look the intent and its history up.
    #[error("the gateway refused the request: {0}")]
    Refused(String),
    /// The shop's fault: a wrong key, a missing right, an unsupported request. Retried and alarmed; never the buyer's fault.
    #[error("the gateway is misconfigured: {0}")]
    Misconfigured(String),
}
