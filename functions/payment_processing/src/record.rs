//! Records the state of an intent.

use shared::{
    app::record_payment::{record_action_required, record_declined, record_succeeded},
    domain::{Id, payment::Payment},
    gateway::{Intent, IntentState},
    queue::ProcessError,
};

use crate::{PaymentProcessing, not_recorded};

impl PaymentProcessing {
    /// Records the outcome of an attempt and dispatches the messages.
    pub(crate) async fn record(&self, id: Id<Payment>, attempt: i64, intent: Intent) -> Result<(), ProcessError> {
        let store = &self.worker.store;
        let now = self.worker.clock.now();
        let messages = match intent.state {
            IntentState::Succeeded { captured, details } => {
                record_succeeded(store, id, captured, details.as_ref(), now).await.map_err(not_recorded)?
            }
            IntentState::Declined { reason } => {
                record_declined(store, id, attempt, &reason, now).await.map_err(not_recorded)?
            }
            IntentState::Cancelled => {
                record_declined(store, id, attempt, "the payment was cancelled", now).await.map_err(not_recorded)?
            }
            IntentState::ActionRequired => {
                record_action_required(store, id, attempt, now).await.map_err(not_recorded)?;
                Vec::new()
            }
            IntentState::Open | IntentState::Processing => {
                return Err(ProcessError::retry("the gateway has not decided yet", intent.id));
            }
        };
        self.worker.dispatch(messages).await;
        Ok(())
    }
}
