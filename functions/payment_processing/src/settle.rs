//! From an intent's state to ours.

use shared::{
    app::settle_payment::{settle_action_required, settle_declined, settle_succeeded},
    domain::{Id, payment::Payment},
    gateway::{Intent, IntentState},
    queue::ProcessError,
};

use crate::{PaymentProcessing, not_settled};

impl PaymentProcessing {
    /// Writes down how an attempt stands, and sends what follows.
    pub(crate) async fn settle(&self, id: Id<Payment>, attempt: i64, intent: Intent) -> Result<(), ProcessError> {
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
            IntentState::Open | IntentState::Processing => {
                return Err(ProcessError::retry("the gateway has not decided yet", intent.id));
            }
        };
        self.worker.send(messages).await;
        Ok(())
    }
}
