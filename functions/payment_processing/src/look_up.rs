//! `payment.statusUnknown` and `payment.webhookReceived`: look the intent up and record its outcome.

use shared::{
    app::record_refund::record_history,
    domain::{
        Currency, Id,
        payment::{Payment, PaymentStatus},
    },
    gateway::{GatewayError, History, IntentState},
    queue::ProcessError,
    store::Versioned,
};

use crate::{PaymentProcessing, no_answer, not_recorded, unknown_intent};

impl PaymentProcessing {
    /// Looks a payment's intent up and records its outcome.
    pub(crate) async fn look_up(&self, id: Id<Payment>) -> Result<(), ProcessError> {
        let payment = self.load(id).await?;
        let is_open = payment.status == PaymentStatus::Processing && payment.authorised.is_none();
        let Some(intent_id) = payment.transaction_id.as_deref() else {
            // The attempt was recorded, but no intent was opened.
            return if is_open { self.charge(id, payment.attempts).await } else { Ok(()) };
        };
        if is_open && payment.intent_attempt != payment.attempts {
            return self.charge(id, payment.attempts).await;
        }
        let intent = match self.gateway.look_up(intent_id).await {
            Ok(intent) => intent,
            Err(GatewayError::NotFound(reason)) => {
                if is_open {
                    return self.fail(&payment, payment.attempts, &unknown_intent()).await;
                }
                tracing::error!(payment = %id, reason, "the gateway does not know the charge of a payment: a person has to decide");
                return Ok(());
            }
            Err(error) => return Err(no_answer(error)),
        };
        if intent.state == IntentState::Open {
            return if is_open { self.charge(id, payment.attempts).await } else { Ok(()) };
        }
        let is_charged = match intent.state {
            IntentState::Succeeded { .. } => true,
            IntentState::Authorised { captured, .. } => captured.is_some_and(|captured| !captured.is_zero()),
            _ => false,
        };
        self.record(id, payment.intent_attempt, intent).await?;
        if is_charged { self.record_history(id, intent_id, payment.currency).await.map(|_| ()) } else { Ok(()) }
    }

    /// Records every refund and dispute of a charge, also those that were made at the gateway.
    pub(crate) async fn record_history(
        &self,
        id: Id<Payment>,
        intent: &str,
        currency: Currency,
    ) -> Result<Versioned<Payment>, ProcessError> {
        let History { refunds, disputes } = self.gateway.history(intent, currency).await.map_err(no_answer)?;
        let now = self.worker.clock.now();
        let recorded = record_history(&self.worker.store, id, &refunds, &disputes, now).await;
        let (payment, messages) = recorded.map_err(not_recorded)?;
        self.worker.dispatch(messages).await;
        Ok(payment)
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
