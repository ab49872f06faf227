//! What Stripe answers, as far as it matters.

use std::collections::BTreeMap;

use serde::Deserialize;
use shop_domain::{
    Currency, Money, Timestamp,
    payment::{CardDetails, DisputeStatus, GatewayDispute, GatewayRefund, GatewayRefundState},
    sealing::Plaintext,
};

use super::{currencies::from_stripe, errors::WireError};

/// The longest name of a card holder that is kept.
const LONGEST_NAME: usize = 200;

#[derive(Debug, Deserialize)]
pub(super) struct WireIntent {
    pub(super) id: String,
    pub(super) status: String,
    pub(super) amount: i64,
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
    /// What arrived, in the unit of the intent's own currency.
    pub(super) fn captured(&self) -> Option<Money> {
        let currency = Currency::try_from(self.currency.to_uppercase()).ok()?;
        from_stripe(self.amount_received.unwrap_or(self.amount), currency)
    }
}

/// Another object: its id, or the object itself where Stripe expanded it.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Reference {
    Id(String),
    Object { id: String },
}

impl Reference {
    pub(super) fn id(&self) -> &str {
        match self {
            Self::Id(id) | Self::Object { id } => id,
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
    pub(super) fn details(self) -> Option<CardDetails> {
        let card = self.card?;
        let name = self.billing_details.and_then(|billing| billing.name);
        Some(CardDetails {
            brand: card.brand,
            last4: card.last4,
            expiry_month: card.exp_month.map(|month| format!("{month:02}")),
            expiry_year: card.exp_year.map(|year| year.to_string()),
            holder_name: name.map(|name| Plaintext::new(name.chars().take(LONGEST_NAME).collect::<String>())),
        })
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct WireCharge {
    pub(super) id: String,
    #[serde(default)]
    pub(super) disputed: bool,
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
