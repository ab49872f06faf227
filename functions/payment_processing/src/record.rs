//! Records the state of an intent.

use shared::{
    app::record_payment::{SucceededCharge, record_action_required, record_failed, record_succeeded},
    domain::{
        Id,
        payment::{CardDetails, Failure, FailureCode, Payment},
        sealing::{SealedField, SealingError},
    },
    gateway::{Intent, IntentState},
    queue::ProcessError,
};

use crate::{PaymentProcessing, not_recorded};

impl PaymentProcessing {
    /// Records the outcome of an attempt and dispatches the messages.
    pub(crate) async fn record(&self, id: Id<Payment>, attempt: i64, intent: Intent) -> Result<(), ProcessError> {
        let store = &self.worker.store;
        let now = self.worker.clock.now();
        let answer = intent.answer.to_text();
        let answer = self.keys.seal(&self.worker.random, SealedField::PaymentGatewayAnswer, id, &answer);
        let answer = Some(answer.map_err(not_sealed)?);
        let messages = match intent.state {
            IntentState::Succeeded { captured, details } => {
                let Intent { payment, currency, .. } = intent;
                let seal = |card: CardDetails| card.seal(&self.keys, &self.worker.random, id);
                let details = details.map(seal).transpose().map_err(not_sealed)?;
                let charge = SucceededCharge { payment, currency, captured, details, answer };
                record_succeeded(store, id, &charge, now).await.map_err(not_recorded)?
            }
            IntentState::Declined(failure) => {
                record_failed(store, id, attempt, &failure, answer.as_ref(), now).await.map_err(not_recorded)?
            }
            IntentState::Cancelled => {
                let failure = Failure::new(FailureCode::Cancelled, "the payment was cancelled");
                record_failed(store, id, attempt, &failure, answer.as_ref(), now).await.map_err(not_recorded)?
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

fn not_sealed(error: SealingError) -> ProcessError {
    ProcessError::retry("the gateway's answer could not be sealed", error)
}
