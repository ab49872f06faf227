//! Refunds: the pages "Refund and cancel payments" (failed and pending refunds), "Refunds" of the API reference, and the
//! error codes `charge_already_refunded` and `charge_disputed`.

use serde_json::{Map, Value, json};

use super::{
    currencies,
    error::{Answer, StripeError},
    form::Form,
    state::{Resource, State},
};

/// The state that a refund is in, or comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundOutcome {
    /// The money is sent back.
    Succeeded,
    /// Not sent yet: the balance is short, or the method is slow.
    Pending,
    /// The customer must say where to send it.
    RequiresAction,
    /// The money came back: `lost_or_stolen_card`, `expired_or_canceled_card`, `insufficient_funds`, `unknown` and so on.
    Failed(&'static str),
    /// Cancelled while an action was required.
    Canceled,
}

impl RefundOutcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Pending => "pending",
            Self::RequiresAction => "requires_action",
            Self::Failed(_) => "failed",
            Self::Canceled => "canceled",
        }
    }

    /// Whether the money has left the balance.
    pub(super) const fn is_paid_out(self) -> bool {
        !matches!(self, Self::Failed(_) | Self::Canceled)
    }
}

#[derive(Clone, Debug)]
pub(super) struct Refund {
    pub(super) id: String,
    pub(super) amount: i64,
    pub(super) charge: String,
    pub(super) intent: String,
    pub(super) outcome: RefundOutcome,
    currency: String,
    reason: Option<String>,
    metadata: Map<String, Value>,
    created: i64,
}

impl Resource for Refund {
    const NAME: &'static str = "refund";

    fn id(&self) -> &str {
        &self.id
    }

    fn json(&self) -> Value {
        let mut json = json!({
            "id": self.id, "object": "refund", "amount": self.amount, "charge": self.charge, "created": self.created,
            "currency": self.currency, "metadata": self.metadata, "payment_intent": self.intent, "reason": self.reason,
            "status": self.outcome.as_str(),
        });
        if let RefundOutcome::Failed(reason) = self.outcome {
            json["failure_reason"] = json!(reason);
        }
        json
    }
}

/// `POST /v1/refunds`
pub(super) fn create(state: &mut State, form: &Form) -> Answer {
    form.only(&["amount", "charge", "metadata", "payment_intent", "reason", "instructions_email"])?;
    let asked = form.amount("amount")?;
    let reason = form.one_of("reason", &["duplicate", "fraudulent", "requested_by_customer"])?;
    let metadata = form.metadata()?;
    let charge = charge_to_refund(state, form)?;
    let disputes_end = |dispute: &super::disputes::Dispute| dispute.charge == charge.id && !dispute.allows_refunds();
    if state.disputes.iter().any(disputes_end) {
        let message = format!("Charge {} has been charged back; cannot issue a refund.", charge.id);
        return Err(StripeError::refused(message).code("charge_disputed"));
    }
    let refundable = charge.refundable();
    if refundable == 0 {
        let message = format!("Charge {} has already been refunded.", charge.id);
        return Err(StripeError::refused(message).code("charge_already_refunded"));
    }
    let amount = asked.unwrap_or(refundable);
    if amount > refundable {
        // Without a code, as Stripe answers it.
        return Err(StripeError::refused(format!(
            "Refund amount ({}) is greater than unrefunded amount on charge ({})",
            currencies::written(amount, &charge.currency),
            currencies::written(refundable, &charge.currency)
        ))
        .with("param", "amount"));
    }
    currencies::check_step(amount, &charge.currency)?;

    let own = charge.card.map_or(RefundOutcome::Succeeded, |card| card.refund);
    let outcome = state.next_refunds.pop_front().unwrap_or(own);
    let refund = Refund {
        id: state.new_id("re"),
        amount,
        charge: charge.id.clone(),
        intent: charge.intent,
        outcome,
        currency: charge.currency.clone(),
        reason,
        metadata,
        created: state.now(),
    };
    let json = refund.json();
    state.refunds.push(refund);
    if outcome.is_paid_out() {
        state.charge(&charge.id)?.amount_refunded += amount;
        state.book(&charge.currency, -amount);
        let charge = state.charge(&charge.id)?.json();
        state.emit("charge.refunded", &charge);
    }
    state.emit("refund.created", &json);
    if let RefundOutcome::Failed(_) = outcome {
        state.emit("refund.failed", &json);
    }
    Ok(json)
}

fn charge_to_refund(state: &mut State, form: &Form) -> Result<super::charges::Charge, StripeError> {
    if let Some(charge) = form.text("charge") {
        let found = state.charge(charge).cloned();
        return found.map_err(|_| StripeError::no_such(400, "charge", charge, "charge"));
    }
    let Some(intent) = form.text("payment_intent") else {
        let message = "One of the following params should be provided for this request: payment_intent or charge.";
        return Err(StripeError::invalid("payment_intent", message).code("parameter_missing"));
    };
    state.intent(intent).map_err(|_| StripeError::no_such(400, "payment_intent", intent, "payment_intent"))?;
    match state.charge_of(intent).filter(|charge| charge.captured) {
        Some(charge) => Ok(charge.clone()),
        None => {
            let message = format!("This PaymentIntent ({intent}) does not have a successful charge to refund.");
            Err(StripeError::refused(message))
        }
    }
}

/// `POST /v1/refunds/:id`: only the metadata can change.
pub(super) fn update(state: &mut State, id: &str, form: &Form) -> Answer {
    form.only(&["metadata"])?;
    let metadata = form.metadata()?;
    let refund = state.refund(id)?;
    refund.metadata.extend(metadata);
    refund.metadata.retain(|_, value| value != "");
    let json = refund.json();
    state.emit("refund.updated", &json);
    Ok(json)
}

/// `POST /v1/refunds/:id/cancel`: only while an action is required.
pub(super) fn cancel(state: &mut State, id: &str) -> Answer {
    if state.refund(id)?.outcome != RefundOutcome::RequiresAction {
        return Err(StripeError::refused("Only refunds with a status of requires_action can be canceled."));
    }
    settle(state, id, RefundOutcome::Canceled)
}

/// A refund comes to another state. One that fails returns the money to the balance and to what can be refunded; a refund
/// may fail after it succeeded.
pub(super) fn settle(state: &mut State, id: &str, outcome: RefundOutcome) -> Answer {
    let refund = state.refund(id)?;
    let was_paid_out = refund.outcome.is_paid_out();
    refund.outcome = outcome;
    let (charge, amount, currency) = (refund.charge.clone(), refund.amount, refund.currency.clone());
    let json = refund.json();
    if was_paid_out && !outcome.is_paid_out() {
        state.charge(&charge)?.amount_refunded -= amount;
        state.book(&currency, amount);
    }
    state.emit("charge.refund.updated", &json);
    state.emit("refund.updated", &json);
    if let RefundOutcome::Failed(_) = outcome {
        state.emit("refund.failed", &json);
    }
    Ok(json)
}
