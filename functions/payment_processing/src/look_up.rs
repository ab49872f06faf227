//! `payment.statusUnknown` and `payment.webhookReceived`: look the intent up and record its outcome.

use shared::{
    domain::{
        Id,
        payment::{Payment, PaymentStatus},
    },
    gateway::IntentState,
    queue::ProcessError,
};

use crate::{PaymentProcessing, no_answer};

impl PaymentProcessing {
    /// Looks a payment's intent up and records its outcome.
    pub(crate) async fn look_up(&self, id: Id<Payment>) -> Result<(), ProcessError> {
        let payment = self.load(id).await?;
        let is_open = payment.status == PaymentStatus::Processing;
        let Some(intent_id) = payment.transaction_id.as_deref() else {
            // The attempt was recorded, but no intent was opened.
            return if is_open { self.charge(id, payment.attempts).await } else { Ok(()) };
        };
        if is_open && payment.intent_attempt != payment.attempts {
            return self.charge(id, payment.attempts).await;
        }
        let intent = self.gateway.look_up(intent_id).await.map_err(no_answer)?;
        if intent.state == IntentState::Open {
            return if is_open { self.charge(id, payment.attempts).await } else { Ok(()) };
        }
        self.record(id, payment.intent_attempt, intent).await
    }

    /// Looks an intent up and records its outcome. Ignores an unknown intent: the shop records every intent before it
    /// is charged.
    pub(crate) async fn look_up_intent(&self, intent: &str) -> Result<(), ProcessError> {
        match self.worker.store.payments.find_by_transaction(intent).await? {
            Some(payment) => self.look_up(payment.id).await,
            None => {
                tracing::info!(intent, "a webhook about an intent that is unknown or was replaced");
                Ok(())
            }
        }
    }
}
