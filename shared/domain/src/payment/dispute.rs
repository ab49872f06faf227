//! Disputes: a customer asks the bank to take a charge back. The gateway takes the money at once and decides later.

use serde::{Deserialize, Serialize};

use super::Payment;
use crate::{Idempotent, Money, MoneyError, Timestamp};

/// A dispute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Dispute {
    /// The gateway's id of it.
    pub id: String,
    /// Minor units.
    pub amount: Money,
    /// The gateway's word for the reason, such as `fraudulent`.
    pub reason: String,
    /// Whether it is decided.
    pub status: DisputeStatus,
    /// Until when evidence can be sent to the gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence_due_by: Option<Timestamp>,
    /// When the shop learned of it.
    pub opened_at: Timestamp,
    /// When the shop learned of its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
}

/// The state of a dispute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DisputeStatus {
    /// Not decided.
    Open,
    /// The shop keeps the money.
    Won,
    /// The customer keeps the money.
    Lost,
}

impl DisputeStatus {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Won => "won",
            Self::Lost => "lost",
        }
    }
}

/// A dispute as the gateway reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayDispute {
    /// The gateway's id of it.
    pub id: String,
    /// Minor units.
    pub amount: Money,
    /// The gateway's word for the reason.
    pub reason: String,
    /// Whether it is decided.
    pub status: DisputeStatus,
    /// Until when evidence can be sent.
    pub evidence_due_by: Option<Timestamp>,
}

impl Payment {
    /// What is disputed or lost: not the shop's to refund.
    pub fn disputed(&self) -> Result<Money, MoneyError> {
        self.sum_of_disputes(|status| status != DisputeStatus::Won)
    }

    /// What disputes gave back to the customer for good.
    pub(super) fn lost(&self) -> Result<Money, MoneyError> {
        self.sum_of_disputes(|status| status == DisputeStatus::Lost)
    }

    fn sum_of_disputes(&self, counts: impl Fn(DisputeStatus) -> bool) -> Result<Money, MoneyError> {
        Money::sum(self.disputes.iter().filter(|dispute| counts(dispute.status)).map(|dispute| dispute.amount))
    }

    /// Whether a dispute is not decided: the order is not shipped and no refund is paid out meanwhile.
    pub fn has_open_dispute(&self) -> bool {
        self.disputes.iter().any(|dispute| dispute.status == DisputeStatus::Open)
    }

    /// Records what the gateway reports about a dispute. Once it is lost, refunds that are still owed are reduced by its
    /// amount, which the customer has already.
    pub fn record_dispute(&mut self, reported: &GatewayDispute, now: Timestamp) -> Result<Idempotent, MoneyError> {
        let known = self.disputes.iter().position(|dispute| dispute.id == reported.id);
        let before = known.map(|at| &self.disputes[at]);
        let dispute = Dispute {
            id: reported.id.clone(),
            amount: reported.amount,
            reason: reported.reason.clone(),
            status: reported.status,
            evidence_due_by: reported.evidence_due_by,
            opened_at: before.map_or(now, |dispute| dispute.opened_at),
            closed_at: match reported.status {
                DisputeStatus::Open => None,
                DisputeStatus::Won | DisputeStatus::Lost => before.and_then(|dispute| dispute.closed_at).or(Some(now)),
            },
        };
        if before == Some(&dispute) {
            return Ok(Idempotent::AlreadyApplied);
        }
        match known {
            Some(at) => self.disputes[at] = dispute,
            None => self.disputes.push(dispute),
        }
        if reported.status == DisputeStatus::Lost {
            let _ = self.make_room(Money::ZERO)?;
        }
        self.updated_at = now;
        Ok(Idempotent::Executed)
    }
}
