//! Records the state of an intent.

use shared::{
    app::{
        record_capture::{ReportedCaptures, record_captures, record_released},
        record_payment::{SucceededCharge, record_action_required, record_failed, record_succeeded},
    },
    domain::{
        Id,
        payment::{CaptureMode, CardDetails, Failure, FailureCode, Payment},
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
        let seal = |details: Option<CardDetails>| {
            let sealed = details.map(|card| card.seal(&self.keys, &self.worker.random, id));
            sealed.transpose().map_err(not_sealed)
        };
        let messages = match intent.state {
            IntentState::Authorised { authorisation, captured, details } => {
                let Intent { payment, currency, latest_capture: latest, .. } = intent;
                let authorised = Some(authorisation);
                let details = seal(details)?;
                let reported = ReportedCaptures { payment, currency, captured, authorised, latest, details, answer };
                record_captures(store, id, &reported, now).await.map_err(not_recorded)?
            }
            IntentState::Succeeded { captured, details } if intent.capture == CaptureMode::OnShipping => {
                let Intent { payment, currency, latest_capture: latest, .. } = intent;
                let details = seal(details)?;
                let authorised = None;
                let reported = ReportedCaptures { payment, currency, captured, authorised, latest, details, answer };
                record_captures(store, id, &reported, now).await.map_err(not_recorded)?
            }
            IntentState::Succeeded { captured, details } => {
                let Intent { payment, currency, .. } = intent;
                let details = seal(details)?;
                let charge = SucceededCharge { payment, currency, captured, details, answer };
                record_succeeded(store, id, &charge, now).await.map_err(not_recorded)?
            }
            IntentState::Declined(failure) => {
                record_failed(store, id, attempt, &failure, answer.as_ref(), now).await.map_err(not_recorded)?
            }
            IntentState::Cancelled => {
                let failure = Failure::new(FailureCode::Cancelled, "the payment was cancelled");
                let mut messages = record_released(store, id, now).await.map_err(not_recorded)?;
                let failed = record_failed(store, id, attempt, &failure, answer.as_ref(), now).await;
                messages.extend(failed.map_err(not_recorded)?);
                messages
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
