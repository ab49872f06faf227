//! What Stripe's errors mean: a closed table by status, type and code.
//!
//! Source: Stripe's documentation, "Errors", "Error codes" and "Decline codes".

use reqwest::StatusCode;
use serde::Deserialize;
use shop_domain::payment::{Failure, FailureCode};

use crate::GatewayError;

/// Stripe's error object.
#[derive(Debug, Default, Deserialize)]
pub(super) struct WireError {
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    pub(super) code: Option<String>,
    #[serde(default)]
    pub(super) decline_code: Option<String>,
    #[serde(default)]
    param: Option<String>,
    #[serde(default)]
    message: Option<String>,
}

#[derive(Debug, Deserialize)]
struct WireProblem {
    error: WireError,
}

/// A call that failed.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The card's fault.
    Declined(Failure),
    /// The amount is too small or too large to be charged.
    Amount(Failure),
    /// Everything else.
    Error(GatewayError),
}

impl From<Refusal> for GatewayError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Declined(failure) => Self::InvalidMethod(failure),
            Refusal::Amount(failure) => Self::Refused(failure.reason),
            Refusal::Error(error) => error,
        }
    }
}

impl Refusal {
    /// The answer got lost.
    pub(super) fn unknown(reason: impl Into<String>) -> Self {
        Self::Error(GatewayError::Unknown(reason.into()))
    }

    /// What an answer that is no success means.
    pub(super) fn of(status: StatusCode, body: &[u8]) -> Self {
        let error = serde_json::from_slice::<WireProblem>(body).map(|problem| problem.error).unwrap_or_default();
        let code = error.code.as_deref().unwrap_or_default();
        let words = error.message.as_deref().unwrap_or(code);
        let words = format!("{status}: {words}");
        match status {
            StatusCode::PAYMENT_REQUIRED => return Self::Declined(error.failure()),
            StatusCode::CONFLICT | StatusCode::FAILED_DEPENDENCY | StatusCode::TOO_MANY_REQUESTS => {
                return Self::unknown(words);
            }
            status if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => return Self::unknown(words),
            _ => {}
        }
        if error.kind.as_deref() == Some("card_error") {
            return Self::Declined(error.failure());
        }
        if error.is_of_the_method() {
            return Self::Declined(not_accepted());
        }
        Self::Error(match (status, code) {
            (_, "amount_too_small" | "amount_too_large") => {
                let bound = if code == "amount_too_small" { "small" } else { "large" };
                let reason = format!("so {bound} an amount cannot be charged in this currency, with no card");
                return Self::Amount(Failure::new(FailureCode::AmountNotChargeable, reason));
            }
            (_, "resource_missing") if error.param.as_deref() == Some("customer") => {
                GatewayError::UnknownCustomer(words)
            }
            (_, "resource_missing") => GatewayError::NotFound(words),
            // There is no such endpoint: the base of the API is wrong, and nothing is known about the object.
            (StatusCode::NOT_FOUND, _) if error.kind.is_none() || words.contains("Unrecognized request URL") => {
                GatewayError::Misconfigured(words)
            }
            (StatusCode::NOT_FOUND, _) => GatewayError::NotFound(words),
            (
                _,
                "payment_intent_unexpected_state"
                | "payment_method_unexpected_state"
                | "charge_already_refunded"
                | "charge_disputed"
                | "charge_already_captured"
                | "charge_expired_for_capture"
                | "capture_unauthorized_payment"
                | "capture_charge_authorization_expired"
                | "refund_disputed_payment",
            ) => GatewayError::Refused(words),
            // Before codes existed, states were refused with a message alone.
            (StatusCode::BAD_REQUEST, "") => GatewayError::Refused(words),
            _ => GatewayError::Misconfigured(words),
        })
    }
}

/// The failure of a payment method without a reason that the buyer could use.
pub(super) fn not_accepted() -> Failure {
    Failure::new(FailureCode::InvalidPaymentMethod, "the payment method was not accepted")
}

/// How a refusal names a payment method that was used up, detached or is of another customer. It has neither code nor
/// parameter; if Stripe changes the words, it counts as the shop's fault and is alarmed.
const STATES_OF_A_METHOD: [&str; 3] =
    ["The provided PaymentMethod ", "This PaymentMethod ", "The payment method you provided "];

impl WireError {
    /// Whether the buyer's token or payment method is what is wrong.
    fn is_of_the_method(&self) -> bool {
        let is_named =
            matches!(self.param.as_deref(), Some("payment_method" | "source" | "card" | "card[token]" | "token"));
        match self.code.as_deref().unwrap_or_default() {
            "token_already_used"
            | "token_in_use"
            | "payment_method_currency_mismatch"
            | "payment_method_provider_decline"
            | "payment_method_provider_timeout"
            | "payment_method_customer_decline"
            | "payment_method_not_available"
            | "payment_method_invalid_parameter"
            | "payment_intent_incompatible_payment_method"
            | "incorrect_number"
            | "invalid_number"
            | "invalid_expiry_month"
            | "invalid_expiry_year"
            | "invalid_cvc"
            | "expired_card"
            | "card_declined" => true,
            "resource_missing" | "parameter_invalid_string" => is_named,
            "" if self.param.is_none() => {
                let words = self.message.as_deref().unwrap_or_default();
                STATES_OF_A_METHOD.iter().any(|state| words.starts_with(state))
            }
            "" => is_named,
            _ => false,
        }
    }

    /// The decline, in a closed list and in a sentence for the buyer.
    pub(super) fn failure(&self) -> Failure {
        let code = match (self.code.as_deref().unwrap_or_default(), self.decline_code.as_deref().unwrap_or_default()) {
            (_, "insufficient_funds") => FailureCode::InsufficientFunds,
            ("expired_card", _) | (_, "expired_card") => FailureCode::ExpiredCard,
            ("incorrect_cvc" | "invalid_cvc", _) | (_, "incorrect_cvc" | "invalid_cvc") => FailureCode::IncorrectCvc,
            ("incorrect_number" | "invalid_number", _) | (_, "incorrect_number" | "invalid_number") => {
                FailureCode::IncorrectNumber
            }
            (_, "card_velocity_exceeded" | "withdrawal_count_limit_exceeded") => FailureCode::LimitExceeded,
            (
                _,
                "card_not_supported" | "currency_not_supported" | "transaction_not_allowed" | "service_not_allowed",
            ) => FailureCode::CardNotSupported,
            ("authentication_required", _) | (_, "authentication_required") => FailureCode::AuthenticationRequired,
            ("payment_intent_authentication_failure" | "setup_intent_authentication_failure", _) => {
                FailureCode::AuthenticationFailed
            }
            ("processing_error", _)
            | (_, "processing_error" | "try_again_later" | "issuer_not_available" | "reenter_transaction") => {
                FailureCode::ProcessingError
            }
            // Lost, stolen, suspected fraud and everything unknown: what a thief must not learn.
            _ => FailureCode::CardDeclined,
        };
        Failure::new(code, self.message.clone().unwrap_or_else(|| "the payment was declined".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, error: &serde_json::Value) -> Refusal {
        let body = serde_json::to_vec(&serde_json::json!({"error": error})).unwrap();
        Refusal::of(StatusCode::from_u16(status).unwrap(), &body)
    }

    #[test]
    fn only_the_fault_of_the_card_is_told_to_the_buyer() {
        let ours = [
            (401, "invalid_request_error", "", GatewayError::Misconfigured(String::new())),
            (403, "invalid_request_error", "", GatewayError::Misconfigured(String::new())),
            (400, "invalid_request_error", "parameter_unknown", GatewayError::Misconfigured(String::new())),
            (404, "invalid_request_error", "resource_missing", GatewayError::NotFound(String::new())),
            (409, "idempotency_error", "idempotency_key_in_use", GatewayError::Unknown(String::new())),
            (424, "api_error", "", GatewayError::Unknown(String::new())),
            (429, "invalid_request_error", "rate_limit", GatewayError::Unknown(String::new())),
            (400, "invalid_request_error", "payment_intent_unexpected_state", GatewayError::Refused(String::new())),
            (400, "invalid_request_error", "charge_already_refunded", GatewayError::Refused(String::new())),
            (400, "invalid_request_error", "charge_expired_for_capture", GatewayError::Refused(String::new())),
            (500, "api_error", "", GatewayError::Unknown(String::new())),
        ];
        for (status, kind, code, expected) in ours {
            let Refusal::Error(error) = of(status, &serde_json::json!({"type": kind, "code": code})) else {
                panic!("{status} {code} is no fault of the buyer");
            };
            assert_eq!(std::mem::discriminant(&error), std::mem::discriminant(&expected), "{status} {code}");
        }
        let missing =
            serde_json::json!({"type": "invalid_request_error", "code": "resource_missing", "param": "payment_method"});
        assert!(matches!(of(400, &missing), Refusal::Declined(_)));
        let used_up = "The provided PaymentMethod was previously used with a PaymentIntent. It may not be used again.";
        let used_up = serde_json::json!({"type": "invalid_request_error", "message": used_up});
        assert!(matches!(of(400, &used_up), Refusal::Declined(_)));
    }

    #[test]
    fn an_address_that_is_not_the_apis_says_nothing_about_an_object() {
        let elsewhere = Refusal::of(StatusCode::NOT_FOUND, b"<html>not found</html>");
        assert!(matches!(elsewhere, Refusal::Error(GatewayError::Misconfigured(_))), "{elsewhere:?}");
        let message = "Unrecognized request URL (POST: /v2/payment_intents).";
        let path = of(404, &serde_json::json!({"type": "invalid_request_error", "message": message}));
        assert!(matches!(path, Refusal::Error(GatewayError::Misconfigured(_))), "{path:?}");
    }

    #[test]
    fn decline_codes_are_mapped_to_a_closed_list() {
        let golden = [
            ("card_declined", "insufficient_funds", FailureCode::InsufficientFunds),
            ("card_declined", "stolen_card", FailureCode::CardDeclined),
            ("card_declined", "fraudulent", FailureCode::CardDeclined),
            ("expired_card", "", FailureCode::ExpiredCard),
            ("incorrect_cvc", "", FailureCode::IncorrectCvc),
            ("authentication_required", "authentication_required", FailureCode::AuthenticationRequired),
            ("processing_error", "", FailureCode::ProcessingError),
            ("card_declined", "a code of next year", FailureCode::CardDeclined),
        ];
        for (code, decline_code, expected) in golden {
            let error = serde_json::json!({"type": "card_error", "code": code, "decline_code": decline_code});
            let Refusal::Declined(failure) = of(402, &error) else { panic!("{code} is a decline") };
            assert_eq!(failure.code, expected, "{code} {decline_code}");
        }
    }
}
