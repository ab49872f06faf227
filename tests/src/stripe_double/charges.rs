//! Charges: the page "Charges" of the API reference. An intent has one for each attempt.

use serde_json::{Map, Value, json};

use super::{
    cards::{Decline, TestCard},
    error::StripeError,
    intents::Intent,
    state::{Resource, State},
};

/// "Uncaptured PaymentIntents are cancelled a set number of days (7 by default) after their creation."
const AUTHORISATION_SECONDS: i64 = 7 * 24 * 3600;

#[derive(Clone, Debug)]
pub(super) struct Charge {
    pub(super) id: String,
    pub(super) intent: String,
    pub(super) amount: i64,
    pub(super) amount_captured: i64,
    pub(super) amount_refunded: i64,
    pub(super) currency: String,
    pub(super) captured: bool,
    pub(super) disputed: bool,
    pub(super) decline: Option<Decline>,
    pub(super) card: Option<TestCard>,
    method: Option<String>,
    method_details: Value,
    metadata: Map<String, Value>,
    created: i64,
}

impl Resource for Charge {
    const NAME: &'static str = "charge";

    fn id(&self) -> &str {
        &self.id
    }

    fn json(&self) -> Value {
        let (status, kind, network) = match self.decline {
            None => ("succeeded", "authorized", "approved_by_network"),
            Some(_) => ("failed", "issuer_declined", "declined_by_network"),
        };
        json!({
            "id": self.id,
            "object": "charge",
            "amount": self.amount,
            "amount_captured": self.amount_captured,
            "amount_refunded": self.amount_refunded,
            "captured": self.captured,
            "created": self.created,
            "currency": self.currency,
            "disputed": self.disputed,
            "failure_code": self.decline.map(|decline| decline.code),
            "failure_message": self.decline.map(|decline| decline.message),
            "livemode": false,
            "metadata": self.metadata,
            "outcome": {
                "network_decline_code": null,
                "network_status": network,
                "reason": self.decline.map(|decline| decline.decline_code),
                "risk_level": self.card.map_or("not_assessed", |card| card.risk),
                "type": kind,
            },
            "paid": self.decline.is_none(),
            "payment_intent": self.intent,
            "payment_method": self.method,
            "payment_method_details": self.method_details,
            "refunded": self.amount_refunded > 0 && self.amount_refunded >= self.amount_captured,
            "status": status,
        })
    }
}

impl Charge {
    /// When the authorisation lapses; `None` if it was charged at once.
    pub(super) fn capture_before(&self) -> Option<i64> {
        self.method_details["card"]["capture_before"].as_i64()
    }

    /// Whether it can be captured in parts.
    pub(super) fn is_multicapture(&self) -> bool {
        self.method_details["card"]["multicapture"]["status"] == "available"
    }

    /// What can still be refunded.
    pub(super) fn refundable(&self) -> i64 {
        self.amount_captured - self.amount_refunded
    }
}

/// Records the charge of an attempt. Answers its id.
pub(super) fn new_charge(state: &mut State, intent: &Intent, decline: Option<Decline>) -> Result<String, StripeError> {
    let method = intent.method.as_deref().map(|method| state.method(method).cloned()).transpose()?;
    let captured = decline.is_none() && !intent.captures_manually;
    let details = method.as_ref().map_or(Value::Null, |method| {
        let mut details = json!({"type": method.kind});
        details[&method.kind] = method.details();
        if let Some(card) = method.card {
            details[&method.kind]["network"] = json!(card.brand);
            details[&method.kind]["authorization_code"] = json!(decline.is_none().then_some("A7X9Q2"));
        }
        if intent.captures_manually && method.kind == "card" {
            details["card"]["capture_before"] = json!(state.now() + AUTHORISATION_SECONDS);
            let is_available = intent.requests_multicapture && state.has_multicapture;
            let status = if is_available { "available" } else { "unavailable" };
            details["card"]["multicapture"] = json!({"status": status});
        }
        details
    });
    let charge = Charge {
        id: state.new_id("ch"),
        intent: intent.id.clone(),
        amount: intent.amount,
        amount_captured: if captured { intent.amount } else { 0 },
        amount_refunded: 0,
        currency: intent.currency.clone(),
        captured,
        disputed: false,
        decline,
        card: method.as_ref().and_then(|method| method.card),
        method: intent.method.clone(),
        method_details: details,
        metadata: intent.metadata.clone(),
        created: state.now(),
    };
    let id = charge.id.clone();
    state.charges.push(charge);
    Ok(id)
}
