//! `payment.requested`

use shared::{
    app::record_payment::{begin_attempt, record_declined, record_intent},
    domain::{
        Id,
        payment::{Begin, GatewayName, Payment},
    },
    gateway::{Charge, GatewayError, Intent, IntentState},
    queue::ProcessError,
};

use crate::{PaymentProcessing, no_answer, not_recorded};

impl PaymentProcessing {
    /// Charges an attempt, or goes on where an earlier delivery of the message stopped.
    pub(crate) async fn charge(&self, id: Id<Payment>, attempt: i64) -> Result<(), ProcessError> {
        let begun =
            begin_attempt(&self.worker.store, id, attempt, self.worker.clock.now()).await.map_err(not_recorded)?;
        let payment = match begun {
            (Begin::Now | Begin::Resume, payment) if payment.gateway == GatewayName::Stripe => payment,
            _ => return Ok(()),
        };
        let Some(intent) = self.intent_of(&payment, attempt).await? else { return Ok(()) };
        let intent = match intent.state {
            IntentState::Open => self.gateway.confirm(&intent.id).await.map_err(no_answer)?,
            _ => intent,
        };
        self.record(id, attempt, intent).await
    }

    /// The intent of an attempt: the one that is noted, or a new one, once the last attempt's can no longer be charged.
    /// `None`: the attempt ended on the way.
    async fn intent_of(&self, payment: &Payment, attempt: i64) -> Result<Option<Intent>, ProcessError> {
        let Some(noted) = &payment.transaction_id else { return self.open(payment, attempt).await };
        if payment.intent_attempt == attempt {
            return self.gateway.look_up(noted).await.map(Some).map_err(no_answer);
        }
        let last = self.gateway.cancel(noted).await.map_err(no_answer)?;
        match last.state {
            IntentState::Cancelled => self.open(payment, attempt).await,
            // It had been charged after all: that is the payment.
            IntentState::Succeeded { .. } => Ok(Some(last)),
            // A declined one that is not cancelled could still be confirmed by whoever has its client secret.
            IntentState::Open
            | IntentState::ActionRequired
            | IntentState::Processing
            | IntentState::Declined { .. } => {
                Err(ProcessError::retry("the last attempt is not decided yet", "it could not be called off"))
            }
        }
    }

    async fn open(&self, payment: &Payment, attempt: i64) -> Result<Option<Intent>, ProcessError> {
        let Some(source) = &payment.source else {
            return Err(ProcessError::Poison(format!("payment {} has nothing to charge", payment.id)));
        };
        let wanted = Charge {
            payment: payment.id,
            order: payment.order,
            attempt,
            amount: payment.amount,
            currency: payment.currency,
            method: payment.method,
            source,
        };
        let now = self.worker.clock.now();
        let intent = match self.gateway.open(&wanted).await {
            Ok(intent) => intent,
            // Nothing was charged, and never will be: the token is none, or not for this.
            Err(GatewayError::Refused(reason)) => {
                tracing::info!(payment = %payment.id, reason, "the gateway did not take the payment method");
                let declined = "the payment method was not accepted";
                let messages = record_declined(&self.worker.store, payment.id, attempt, declined, now).await;
                self.worker.dispatch(messages.map_err(not_recorded)?).await;
                return Ok(None);
            }
            Err(error) => return Err(no_answer(error)),
        };
        let noted =
            record_intent(&self.worker.store, payment.id, attempt, &intent.id, now).await.map_err(not_recorded)?;
        match noted {
            Some(_) => Ok(Some(intent)),
            None => Err(ProcessError::retry("the attempt is worked on elsewhere", "it has an intent or is over")),
        }
    }
}
