//! What Stripe answers, as far as it matters.

use std::collections::BTreeMap;

use serde::Deserialize;
use shop_domain::{
    Currency, Money, Timestamp,
    payment::{DisputeStatus, Failure, FailureCode, GatewayDispute, GatewayRefund, GatewayRefundState, PaymentDetails},
};

use super::{currencies::from_stripe, errors::WireError};
use crate::{Intent, IntentState, ListedCharge, Window};

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
    pub(super) client_secret: Option<String>,
    #[serde(default)]
    pub(super) last_payment_error: Option<WireError>,
    #[serde(default)]
    pub(super) payment_method: Option<String>,
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
    pub(super) fn captured(&self) -> Option<Money> {
        self.in_minor_units(self.amount_received.unwrap_or(self.amount))
    }

    fn in_minor_units(&self, amount: i64) -> Option<Money> {
        let currency = Currency::try_from(self.currency.to_uppercase()).ok()?;
        from_stripe(amount, currency)
    }

    /// The intent without what a call of its own would have to tell, and what its charge, if expanded, adds.
    pub(super) fn listed(self) -> ListedCharge {
        let none = WireCharge::default();
        let charge = match &self.latest_charge {
            Some(Reference::Object(charge)) => charge,
            _ => &none,
        };
        ListedCharge {
            refunded: self.in_minor_units(charge.amount_refunded),
            disputed: charge.disputed,
            intent: Intent { client_secret: None, ..self.into_intent(None) },
        }
    }

    /// The intent; `details` are those of the card if it was charged.
    pub(super) fn into_intent(self, details: Option<PaymentDetails>) -> Intent {
        let state = match self.status.as_str() {
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
        Intent {
            payment: self.metadata.get("paymentId").and_then(|id| id.parse().ok()),
            currency: self.currency.to_uppercase(),
            id: self.id,
            state,
            client_secret: self.client_secret,
        }
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

#[derive(Debug, Deserialize)]
pub(super) struct WireMethod {
    pub(super) id: String,
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
}

#[derive(Debug, Deserialize)]
struct WireBilling {
    #[serde(default)]
    name: Option<String>,
}

impl WireMethod {
    pub(super) fn details(self) -> Option<PaymentDetails> {
        let card = self.card?;
        Some(PaymentDetails {
            brand: card.brand,
            last4: card.last4,
            expiry_month: card.exp_month.map(|month| format!("{month:02}")),
            expiry_year: card.exp_year.map(|year| year.to_string()),
            holder_name: self.billing_details.and_then(|billing| billing.name),
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
