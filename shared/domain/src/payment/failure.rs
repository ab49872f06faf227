//! Why an attempt failed, as a closed list.

use serde::{Deserialize, Serialize};

/// Why the last attempt failed. The gateway's decline codes are mapped onto it; what a thief must not learn (lost, stolen,
/// suspected fraud) is `card_declined`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailureCode {
    /// Declined without a reason that the buyer may know. Use another payment method or ask the bank.
    CardDeclined,
    /// Not enough money. Use another payment method.
    InsufficientFunds,
    /// The card has expired.
    ExpiredCard,
    /// The security code is wrong.
    IncorrectCvc,
    /// The card number is wrong.
    IncorrectNumber,
    /// A limit of the card is reached.
    LimitExceeded,
    /// The gateway charges no amount so small or so large. Another card does not help.
    AmountNotChargeable,
    /// The card does not support this kind of purchase or this currency.
    CardNotSupported,
    /// The buyer has to authenticate (3-D Secure).
    AuthenticationRequired,
    /// The authentication failed or was abandoned.
    AuthenticationFailed,
    /// A temporary error at the bank. Try again.
    ProcessingError,
    /// The token or payment method is invalid or was used before.
    InvalidPaymentMethod,
    /// Not paid in time.
    Expired,
    /// The attempt was cancelled.
    Cancelled,
}

impl FailureCode {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CardDeclined => "card_declined",
            Self::InsufficientFunds => "insufficient_funds",
            Self::ExpiredCard => "expired_card",
            Self::IncorrectCvc => "incorrect_cvc",
            Self::IncorrectNumber => "incorrect_number",
            Self::LimitExceeded => "limit_exceeded",
            Self::AmountNotChargeable => "amount_not_chargeable",
            Self::CardNotSupported => "card_not_supported",
            Self::AuthenticationRequired => "authentication_required",
            Self::AuthenticationFailed => "authentication_failed",
            Self::ProcessingError => "processing_error",
            Self::InvalidPaymentMethod => "invalid_payment_method",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Why an attempt failed: a code for programs and a sentence for the buyer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// From the closed list.
    pub code: FailureCode,
    /// For the buyer.
    pub reason: String,
}

impl Failure {
    /// A failure with this sentence.
    pub fn new(code: FailureCode, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into() }
    }

    /// The order expired.
    pub fn expired() -> Self {
        Self::new(FailureCode::Expired, "not paid in time")
    }
}
