//! `payment.statusUnknown` and `payment.webhookReceived`: something may have happened, so look.

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
    /// Looks how a payment stands at the gateway, and catches up.
    pub(crate) async fn look_up(&self, id: Id<Payment>) -> Result<(), ProcessError> {
        let payment = self.load(id).await?;
        let is_open = payment.status == PaymentStatus::Processing;
        let Some(noted) = payment.transaction_id.as_deref() else {
            // It began, and stopped before the gateway knew of it.
            return if is_open { self.charge(id, payment.attempts).await } else { Ok(()) };
        };
        if is_open && payment.intent_attempt != payment.attempts {
            return self.charge(id, payment.attempts).await;
        }
        let intent = self.gateway.look_up(noted).await.map_err(no_answer)?;
        if intent.state == IntentState::Open {
            return if is_open { self.charge(id, payment.attempts).await } else { Ok(()) };
        }
        self.record(id, payment.intent_attempt, intent).await
    }

    /// Looks how the payment of an intent stands. An intent of nobody is not ours: every intent is noted before it is
    /// charged.
    pub(crate) async fn look_up_intent(&self, intent: &str) -> Result<(), ProcessError> {
        match self.worker.store.payments.find_by_transaction(intent).await? {
            Some(payment) => self.look_up(payment.id).await,
            None => {
                tracing::info!(intent, "a webhook about an intent that is not ours, or is given up");
                Ok(())
            }
        }
    }
}
