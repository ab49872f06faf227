//! What Stripe answers, as far as it matters.

use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;
use shop_domain::{
    Currency, Money, Timestamp,
    payment::{
        Authorisation, CaptureMode, CardDetails, DisputeStatus, Failure, FailureCode, Funding, GatewayDispute,
        GatewayRefund, GatewayRefundState, Instrument, PaymentSource,
    },
    saved_method::CardOnFile,
    sealing::Plaintext,
};

use super::{
    CARD,
    currencies::{charge_limits, from_stripe},
    errors::WireError,
};
use crate::{GatewayAnswer, Intent, IntentState, ListedCharge, Window};

/// How long an authorisation lasts where the charge does not say it.
const AUTHORISATION: Duration = Duration::from_secs(7 * 24 * 3600);

/// The longest name of a card holder that is kept.
const LONGEST_NAME: usize = 200;

#[derive(Debug, Deserialize)]
pub(super) struct WireIntent {
    pub(super) id: String,
    pub(super) status: String,
    pub(super) amount: i64,
    #[serde(default)]
    created: i64,
    #[serde(default)]
    pub(super) currency: String,
    #[serde(default)]
    pub(super) amount_received: Option<i64>,
    #[serde(default)]
    amount_capturable: i64,
    #[serde(default)]
    capture_method: Option<String>,
    #[serde(default)]
    pub(super) client_secret: Option<String>,
    #[serde(default)]
    pub(super) last_payment_error: Option<WireError>,
    #[serde(default)]
    pub(super) payment_method: Option<MethodReference>,
    #[serde(default)]
    pub(super) payment_method_types: Vec<String>,
    #[serde(default)]
    pub(super) next_action: Option<WireNextAction>,
    #[serde(default)]
    pub(super) latest_charge: Option<Reference>,
    #[serde(default)]
    pub(super) metadata: BTreeMap<String, String>,
}

impl WireIntent {
    pub(super) fn is_in(&self, window: Window) -> bool {
        (window.from.as_seconds()..window.until.as_seconds()).contains(&self.created)
    }

    /// What arrived, in the unit of the intent's own currency.
    fn captured(&self) -> Option<Money> {
        self.in_minor_units(self.amount_received.unwrap_or(self.amount))
    }

    fn currency(&self) -> Option<Currency> {
        Currency::try_from(self.currency.to_uppercase()).ok()
    }

    fn in_minor_units(&self, amount: i64) -> Option<Money> {
        from_stripe(amount, self.currency()?)
    }

    /// Whether Stripe captures any whole number of minor units of its currency.
    fn takes_any_amount(&self) -> bool {
        self.currency().is_some_and(|currency| charge_limits(currency).step == Money::from_minor(1))
    }

    /// The intent without what a call of its own would have to tell, and what its charge, if expanded, adds.
    pub(super) fn listed(mut self) -> ListedCharge {
        let charge = match self.latest_charge.take() {
            Some(Reference::Object(charge)) => charge,
            _ => WireCharge::default(),
        };
        ListedCharge {
            refunded: self.in_minor_units(charge.amount_refunded),
            disputed: charge.disputed,
            intent: Intent { client_secret: None, redirect_url: None, ..self.into_intent(None, &charge) },
        }
    }

    /// The intent; `details` are those of the card if it was charged, `charge` is the charge of an authorised one.
    pub(super) fn into_intent(self, details: Option<CardDetails>, charge: &WireCharge) -> Intent {
        let state = match self.status.as_str() {
            "requires_capture" => self.authorised(details, charge),
            "succeeded" => IntentState::Succeeded { captured: self.captured(), details },
            "requires_action" | "requires_source_action" => IntentState::ActionRequired,
            "canceled" => IntentState::Cancelled,
            "requires_confirmation" => IntentState::Open,
            "requires_payment_method" => IntentState::Declined(match &self.last_payment_error {
                Some(error) => error.failure(),
                None => Failure::new(FailureCode::CardDeclined, "the payment was declined"),
            }),
            _ => IntentState::Processing,
        };
        let capture = match self.capture_method.as_deref() {
            Some("manual") => CaptureMode::OnShipping,
            _ => CaptureMode::Immediately,
        };
        Intent {
            payment: self.metadata.get("paymentId").and_then(|id| id.parse().ok()),
            currency: self.currency.to_uppercase(),
            redirects: self.payment_method_types.iter().any(|kind| kind != CARD),
            payment_method: self.payment_method.map(|method| PaymentSource::from_token(method.id().to_owned())),
            redirect_url: self.next_action.and_then(WireNextAction::redirect_url),
            id: self.id,
            state,
            capture,
            latest_capture: self.metadata.get("captureId").and_then(|id| id.parse().ok()),
            client_secret: self.client_secret,
            answer: GatewayAnswer::default(),
        }
    }

    fn authorised(&self, details: Option<CardDetails>, charge: &WireCharge) -> IntentState {
        let capturable = self.in_minor_units(self.amount_capturable);
        let authorisation = Authorisation {
            amount: capturable.unwrap_or_default(),
            until: charge.capture_before(),
            // A part is no multiple of the step of such a currency.
            multicapture: charge.is_multicapture() && self.takes_any_amount(),
        };
        let captured = self.captured().filter(|_| capturable.is_some());
        IntentState::Authorised { authorisation, captured, details }
    }
}

/// Another object: its id, or the object itself where Stripe expanded it.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Reference {
    Id(String),
    Object(WireCharge),
}

impl Reference {
    pub(super) fn id(&self) -> &str {
        match self {
            Self::Id(id) | Self::Object(WireCharge { id, .. }) => id,
        }
    }
}

/// A payment method: its id, or the object itself where it was expanded.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum MethodReference {
    Id(String),
    Object(Box<WireMethod>),
}

impl MethodReference {
    pub(super) fn id(&self) -> &str {
        match self {
            Self::Id(id) => id,
            Self::Object(method) => &method.id,
        }
    }

    /// What it is, where it was expanded.
    pub(super) fn instrument(&self) -> Option<Instrument> {
        match self {
            Self::Id(_) => None,
            Self::Object(method) => method.instrument(),
        }
    }
}

/// What the customer does next. Other kinds than a redirect are shown by Stripe's script.
#[derive(Debug, Deserialize)]
pub(super) struct WireNextAction {
    #[serde(default)]
    redirect_to_url: Option<WireRedirect>,
}

#[derive(Debug, Deserialize)]
struct WireRedirect {
    url: Option<String>,
}

impl WireNextAction {
    pub(super) fn redirect_url(self) -> Option<String> {
        self.redirect_to_url?.url
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct WireCustomer {
    pub(super) id: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct WireMethod {
    pub(super) id: String,
    /// `card`, `paypal`, `sepa_debit` and so on; absent in the objects of older API versions.
    #[serde(default, rename = "type")]
    pub(super) kind: Option<String>,
    #[serde(default)]
    card: Option<WireCard>,
    #[serde(default)]
    billing_details: Option<WireBilling>,
}

#[derive(Debug, Deserialize)]
struct WireCard {
    brand: Option<String>,
    last4: Option<String>,
    exp_month: Option<i64>,
    exp_year: Option<i64>,
    #[serde(default)]
    funding: Option<String>,
}

impl WireCard {
    fn funding(&self) -> Option<Funding> {
        match self.funding.as_deref() {
            Some("credit") => Some(Funding::Credit),
            Some("debit") => Some(Funding::Debit),
            Some("prepaid") => Some(Funding::Prepaid),
            _ => None,
        }
    }
}

#[derive(Debug, Deserialize)]
struct WireBilling {
    #[serde(default)]
    name: Option<String>,
}

impl WireBilling {
    fn name(self) -> Option<Plaintext> {
        self.name.map(|name| Plaintext::new(name.chars().take(LONGEST_NAME).collect::<String>()))
    }
}

impl WireMethod {
    /// What it is; `None` if Stripe does not tell.
    pub(super) fn instrument(&self) -> Option<Instrument> {
        Some(match self.kind.as_deref()? {
            "card" => Instrument::Card(self.card.as_ref().and_then(WireCard::funding)),
            "paypal" => Instrument::Paypal,
            _ => Instrument::Other,
        })
    }

    /// The card as it is kept on file; `None` if it is no card.
    pub(super) fn on_file(self) -> Option<CardOnFile> {
        let (card, holder_name) = (self.card?, self.billing_details.and_then(WireBilling::name));
        Some(CardOnFile {
            funding: card.funding(),
            token: PaymentSource::from_token(self.id),
            brand: card.brand?,
            last4: card.last4?,
            expiry_month: card.exp_month?,
            expiry_year: card.exp_year?,
            holder_name,
        })
    }

    pub(super) fn details(self) -> Option<CardDetails> {
        let (card, holder_name) = (self.card?, self.billing_details.and_then(WireBilling::name));
        Some(CardDetails {
            brand: card.brand,
            last4: card.last4,
            expiry_month: card.exp_month.map(|month| format!("{month:02}")),
            expiry_year: card.exp_year.map(|year| year.to_string()),
            holder_name,
        })
    }
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct WireCharge {
    pub(super) id: String,
    #[serde(default)]
    pub(super) amount_refunded: i64,
    #[serde(default)]
    pub(super) disputed: bool,
    #[serde(default)]
    created: i64,
    #[serde(default)]
    payment_method_details: Option<WireChargeMethod>,
}

#[derive(Debug, Deserialize)]
struct WireChargeMethod {
    #[serde(default)]
    card: Option<WireChargeCard>,
}

#[derive(Debug, Deserialize)]
struct WireChargeCard {
    #[serde(default)]
    capture_before: Option<i64>,
    #[serde(default)]
    multicapture: Option<WireMulticapture>,
}

#[derive(Debug, Deserialize)]
struct WireMulticapture {
    status: String,
}

impl WireCharge {
    fn card(&self) -> Option<&WireChargeCard> {
        self.payment_method_details.as_ref()?.card.as_ref()
    }

    /// When Stripe releases what is not captured.
    fn capture_before(&self) -> Timestamp {
        match self.card().and_then(|card| card.capture_before) {
            Some(seconds) => Timestamp::from_millis(seconds.saturating_mul(1000)),
            None => Timestamp::from_millis(self.created.saturating_mul(1000)).plus(AUTHORISATION),
        }
    }

    /// Whether it can be captured in parts.
    fn is_multicapture(&self) -> bool {
        let multicapture = self.card().and_then(|card| card.multicapture.as_ref());
        multicapture.is_some_and(|multicapture| multicapture.status == "available")
    }
}

/// A charge, as far as it is kept. Apart from [`WireCharge`], so that an unknown shape of it costs nothing else.
#[derive(Debug, Default, Deserialize)]
pub(super) struct WireOutcomeOfCharge {
    #[serde(default)]
    pub(super) authorization_code: Option<String>,
    #[serde(default)]
    pub(super) failure_code: Option<String>,
    #[serde(default)]
    pub(super) outcome: Option<WireOutcome>,
    #[serde(default)]
    pub(super) payment_method_details: Option<WireMethodDetails>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct WireOutcome {
    #[serde(default, rename = "type")]
    pub(super) kind: Option<String>,
    #[serde(default)]
    pub(super) reason: Option<String>,
    #[serde(default)]
    pub(super) network_status: Option<String>,
    #[serde(default)]
    pub(super) network_decline_code: Option<String>,
    #[serde(default)]
    pub(super) risk_level: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct WireMethodDetails {
    #[serde(default)]
    pub(super) card: Option<WireCardOfCharge>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct WireCardOfCharge {
    #[serde(default)]
    pub(super) network: Option<String>,
    #[serde(default)]
    pub(super) authorization_code: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct WireRefund {
    pub(super) id: String,
    amount: i64,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    failure_reason: Option<String>,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
}

impl WireRefund {
    /// `None`: no whole number of our minor units, which the shop cannot have made.
    pub(super) fn read(self, currency: Currency) -> Option<GatewayRefund> {
        Some(GatewayRefund {
            ours: self.metadata.get("refundId").and_then(|id| id.parse().ok()),
            amount: from_stripe(self.amount, currency)?,
            state: match self.status.as_deref() {
                Some("pending" | "requires_action") => GatewayRefundState::Pending,
                Some("failed" | "canceled") => {
                    GatewayRefundState::Failed(self.failure_reason.unwrap_or_else(|| "unknown".to_owned()))
                }
                // Old API versions have no status: a refund that exists is paid out.
                _ => GatewayRefundState::Succeeded,
            },
            id: self.id,
        })
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct WireDispute {
    pub(super) id: String,
    amount: i64,
    status: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    evidence_details: Option<WireEvidence>,
}

#[derive(Debug, Deserialize)]
struct WireEvidence {
    #[serde(default)]
    due_by: Option<i64>,
}

impl WireDispute {
    /// `None`: an inquiry, which takes no money.
    pub(super) fn read(self, currency: Currency) -> Option<GatewayDispute> {
        let status = match self.status.as_str() {
            "won" => DisputeStatus::Won,
            "lost" => DisputeStatus::Lost,
            status if status.starts_with("warning_") => return None,
            _ => DisputeStatus::Open,
        };
        let due_by = self.evidence_details.and_then(|evidence| evidence.due_by);
        Some(GatewayDispute {
            id: self.id,
            amount: from_stripe(self.amount, currency)?,
            reason: self.reason,
            status,
            evidence_due_by: due_by.map(|seconds| Timestamp::from_millis(seconds.saturating_mul(1000))),
        })
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct WireList<T> {
    pub(super) data: Vec<T>,
    #[serde(default)]
    pub(super) has_more: bool,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn amounts_are_captured_in_parts_where_the_currency_has_no_step() {
        for (currency, is_possible) in [("usd", true), ("jpy", true), ("kwd", false), ("mga", false)] {
            let intent = json!({"id": "pi_1", "status": "requires_capture", "amount": 1000, "currency": currency});
            let intent: WireIntent = serde_json::from_value(intent).unwrap();
            assert_eq!(intent.takes_any_amount(), is_possible, "{currency}");
        }
    }

    #[test]
    fn the_charge_tells_until_when_it_is_authorised_and_whether_it_is_captured_in_parts() {
        let charge = |card: serde_json::Value| -> WireCharge {
            let details = json!({"type": "card", "card": card});
            serde_json::from_value(json!({"id": "ch_1", "created": 100, "payment_method_details": details})).unwrap()
        };
        let known = charge(json!({"capture_before": 700, "multicapture": {"status": "available"}}));
        assert_eq!((known.capture_before(), known.is_multicapture()), (Timestamp::from_millis(700_000), true));
        let unknown = charge(json!({"multicapture": {"status": "unavailable"}}));
        let week = Timestamp::from_millis(100_000).plus(AUTHORISATION);
        assert_eq!((unknown.capture_before(), unknown.is_multicapture()), (week, false));
    }
}
