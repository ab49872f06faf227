//! `payment.voidRequested`

use shared::{
    app::record_payment::record_voided,
    domain::{Id, order::OrderStatus, payment::Payment},
    gateway::{GatewayError, Intent, IntentState},
    queue::ProcessError,
};

use crate::{PaymentProcessing, no_answer, not_recorded};

impl PaymentProcessing {
    /// Voids a payment by cancelling its intent; an order that is overdue expires with it. If the intent was charged after all,
    /// the payment succeeds. Of an intent that is captured in part, the rest is released.
    pub(crate) async fn void(&self, id: Id<Payment>) -> Result<(), ProcessError> {
        let payment = self.load(id).await?;
        let order = self.worker.store.orders.find(payment.order).await?;
        // A late repeat, or it was paid meanwhile: what is to be charged, or authorised, must not be released.
        if !payment.void_pending && order.is_some_and(|order| order.status != OrderStatus::Cancelled) {
            return Ok(());
        }
        if let Some(intent_id) = &payment.transaction_id {
            match self.gateway.cancel(intent_id).await {
                // An intent that the gateway does not know can never be charged.
                Ok(Intent { state: IntentState::Cancelled, .. }) | Err(GatewayError::NotFound(_)) => {}
                Ok(intent @ Intent { state: IntentState::Succeeded { .. }, .. }) => {
                    return self.record(id, payment.intent_attempt, intent).await;
                }
                Ok(intent) => return Err(ProcessError::retry("the charge could not be voided yet", intent.id)),
                Err(error) => return Err(no_answer(error)),
            }
        }
        // Without an intent there is nothing to cancel: one that is being opened finds the payment failed.
        let cancelled_intent = payment.transaction_id.as_deref();
        let now = self.worker.clock.now();
        match record_voided(&self.worker.store, id, cancelled_intent, now).await.map_err(not_recorded)? {
            Some(messages) => {
                self.worker.dispatch(messages).await;
                Ok(())
            }
            None => Err(ProcessError::retry("an intent was opened meanwhile", "it has to be cancelled first")),
        }
    }
}
