//! Disputes: the pages "How disputes work" and "Disputes" of the API reference. The disputed amount leaves the balance when
//! the dispute is opened, and returns when it is won.

use serde_json::{Value, json};

use super::{
    error::{Answer, StripeError},
    state::{Resource, State},
};

/// How a dispute ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisputeEnd {
    /// The account gets the money back.
    Won,
    /// The customer keeps it.
    Lost,
}

#[derive(Clone, Debug)]
pub(super) struct Dispute {
    pub(super) id: String,
    pub(super) charge: String,
    pub(super) intent: String,
    pub(super) amount: i64,
    pub(super) end: Option<DisputeEnd>,
    currency: String,
    reason: String,
    created: i64,
}

/// "You usually have 7 to 21 days to respond."
const EVIDENCE_SECONDS: i64 = 7 * 24 * 3600;

impl Resource for Dispute {
    const NAME: &'static str = "dispute";

    fn id(&self) -> &str {
        &self.id
    }

    fn json(&self) -> Value {
        let status = match self.end {
            None => "needs_response",
            Some(DisputeEnd::Won) => "won",
            Some(DisputeEnd::Lost) => "lost",
        };
        json!({
            "id": self.id,
            "object": "dispute",
            "amount": self.amount,
            "charge": self.charge,
            "created": self.created,
            "currency": self.currency,
            "evidence_details": {
                "due_by": self.created + EVIDENCE_SECONDS, "has_evidence": false, "past_due": false, "submission_count": 0,
            },
            "is_charge_refundable": false,
            "livemode": false,
            "metadata": {},
            "payment_intent": self.intent,
            "reason": self.reason,
            "status": status,
        })
    }
}

impl Dispute {
    /// "You can't refund a payment while it's disputed", nor after a lost dispute.
    pub(super) fn allows_refunds(&self) -> bool {
        self.end == Some(DisputeEnd::Won)
    }
}

/// The cardholder disputes what was not refunded of an intent's charge.
pub(super) fn open(state: &mut State, intent: &str, reason: &str) -> Answer {
    let no_charge = || StripeError::refused("There is no captured charge to dispute.");
    let charge = state.charge_of(intent).filter(|charge| charge.refundable() > 0).ok_or_else(no_charge)?;
    charge.disputed = true;
    let (amount, charge, currency) = (charge.refundable(), charge.id.clone(), charge.currency.clone());
    let dispute = Dispute {
        id: state.new_id("du"),
        charge,
        intent: intent.to_owned(),
        amount,
        end: None,
        currency: currency.clone(),
        reason: reason.to_owned(),
        created: state.now(),
    };
    let json = dispute.json();
    state.disputes.push(dispute);
    state.book(&currency, -amount);
    state.emit("charge.dispute.created", &json);
    state.emit("charge.dispute.funds_withdrawn", &json);
    Ok(json)
}

/// The issuer decides.
pub(super) fn close(state: &mut State, id: &str, end: DisputeEnd) -> Answer {
    let dispute = state.dispute(id)?;
    if dispute.end.is_some() {
        return Err(StripeError::refused("This dispute is already closed."));
    }
    dispute.end = Some(end);
    let (amount, currency, json) = (dispute.amount, dispute.currency.clone(), dispute.json());
    state.emit("charge.dispute.closed", &json);
    if end == DisputeEnd::Won {
        state.book(&currency, amount);
        state.emit("charge.dispute.funds_reinstated", &json);
    }
    Ok(json)
}
