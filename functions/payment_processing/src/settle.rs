//! From an intent's state to ours.

use shared::{
    domain::{Id, payment::Payment},
    gateway::{Intent, IntentState},
    queue::ProcessError,
    workflows::settle_payment::{settle_action_required, settle_declined, settle_succeeded},
};

use crate::{PaymentProcessing, no_answer, not_settled};

impl PaymentProcessing {
    /// Writes down how an attempt stands, and sends what follows.
    pub(crate) async fn settle(&self, id: Id<Payment>, attempt: i64, intent: Intent) -> Result<(), ProcessError> {
        let intent = match intent.state {
            // Nothing here waits with an authorised amount: what was ordered is taken.
            IntentState::Authorised => self.gateway.capture(&intent.id, None).await.map_err(no_answer)?,
            _ => intent,
        };
        let store = &self.worker.store;
        let now = self.worker.clock.now();
        let messages = match intent.state {
            IntentState::Succeeded { captured, details } => {
                settle_succeeded(store, id, captured, details.as_ref(), now).await.map_err(not_settled)?
            }
            IntentState::Declined { reason } => {
                settle_declined(store, id, attempt, &reason, now).await.map_err(not_settled)?
            }
            IntentState::Cancelled => {
                settle_declined(store, id, attempt, "the payment was called off", now).await.map_err(not_settled)?
            }
            IntentState::ActionRequired => {
                settle_action_required(store, id, attempt, now).await.map_err(not_settled)?;
                Vec::new()
            }
            IntentState::Open | IntentState::Processing | IntentState::Authorised => {
                return Err(ProcessError::retry("the gateway has not decided yet", intent.id));
            }
        };
        self.worker.send(messages).await;
        Ok(())
    }
}
