//! `payment.requested`

use shared::{
    app::record_payment::{begin_attempt, record_failed, record_intent},
    domain::{
        Id,
        payment::{Begin, Failure, GatewayName, Payment},
    },
    gateway::{Charge, GatewayError, Intent, IntentState},
    queue::ProcessError,
};

use crate::{PaymentProcessing, no_answer, not_recorded, unknown_intent};

impl PaymentProcessing {
    /// Charges an attempt, or resumes where an earlier delivery of the message stopped.
    pub(crate) async fn charge(&self, id: Id<Payment>, attempt: i64) -> Result<(), ProcessError> {
        let begun =
            begin_attempt(&self.worker.store, id, attempt, self.worker.clock.now()).await.map_err(not_recorded)?;
        let payment = match begun {
            (Begin::Now | Begin::Resume, payment) if payment.gateway == GatewayName::Stripe => payment,
            _ => return Ok(()),
        };
        let Some(intent) = self.intent_of(&payment, attempt).await? else { return Ok(()) };
        let intent = match intent.state {
            IntentState::Open => {
                let return_url = if intent.redirects { Some(self.return_url(&payment).await?) } else { None };
                self.gateway.confirm(&intent.id, return_url.as_deref()).await.map_err(no_answer)?
            }
            _ => intent,
        };
        self.record(id, attempt, intent).await
    }

    /// The intent of an attempt: the recorded one, or a new one after the previous attempt's was cancelled. `None` if the attempt
    /// ended meanwhile.
    async fn intent_of(&self, payment: &Payment, attempt: i64) -> Result<Option<Intent>, ProcessError> {
        let Some(recorded) = &payment.transaction_id else { return self.open(payment, attempt).await };
        if payment.intent_attempt == attempt {
            return match self.gateway.look_up(recorded).await {
                Ok(intent) => Ok(Some(intent)),
                Err(GatewayError::NotFound(_)) => self.fail(payment, attempt, &unknown_intent()).await.map(|()| None),
                Err(error) => Err(no_answer(error)),
            };
        }
        let previous = match self.gateway.cancel(recorded).await {
            Ok(previous) => previous,
            // It can never be charged.
            Err(GatewayError::NotFound(_)) => return self.open(payment, attempt).await,
            Err(error) => return Err(no_answer(error)),
        };
        match previous.state {
            IntentState::Cancelled => self.open(payment, attempt).await,
            // The previous attempt was charged after all: that is the payment.
            IntentState::Succeeded { .. } => Ok(Some(previous)),
            // A declined intent could still be confirmed by a client that has its secret.
            IntentState::Open
            | IntentState::ActionRequired
            | IntentState::Processing
            | IntentState::Authorised { .. }
            | IntentState::Declined(_) => {
                Err(ProcessError::retry("the previous attempt is undecided", "its intent could not be cancelled"))
            }
        }
    }

    /// The page of the shop to which the customer comes back from the gateway's.
    async fn return_url(&self, payment: &Payment) -> Result<String, ProcessError> {
        let order = self.worker.store.orders.find(payment.order).await?;
        let order = order.ok_or_else(|| ProcessError::Poison(format!("there is no order {}", payment.order)))?;
        Ok(format!("{}/orders/{}/payment", self.shop_url, order.order_number))
    }

    async fn open(&self, payment: &Payment, attempt: i64) -> Result<Option<Intent>, ProcessError> {
        if payment.source.is_none() && payment.method.needs_token() {
            return Err(ProcessError::Poison(format!("payment {} has nothing to charge", payment.id)));
        }
        let customer = match payment.user.filter(|_| payment.is_on_file()) {
            Some(user) => Some(self.customer_of(user).await?),
            None => None,
        };
        let charge = Charge {
            payment: payment.id,
            order: payment.order,
            attempt,
            amount: payment.amount,
            currency: payment.currency,
            method: payment.method,
            source: payment.source.as_ref(),
            customer: customer.as_deref(),
            saves_source: payment.save_method,
            capture: payment.capture_mode,
        };
        let now = self.worker.clock.now();
        let mut opened = self.gateway.open(&charge).await;
        if let (Err(GatewayError::UnknownCustomer(_)), Some(user), Some(unknown)) = (&opened, payment.user, &customer) {
            let another = self.replace_customer(user, unknown).await?;
            opened = self.gateway.open(&Charge { customer: Some(&another), ..charge }).await;
        }
        let intent = match opened {
            Ok(intent) => intent,
            // Nothing was charged: the token is invalid, or not valid for this payment method, or the amount is.
            Err(GatewayError::InvalidMethod(failure)) => {
                return self.fail(payment, attempt, &failure).await.map(|()| None);
            }
            Err(error) => return Err(no_answer(error)),
        };
        let recorded =
            record_intent(&self.worker.store, payment.id, attempt, &intent.id, now).await.map_err(not_recorded)?;
        match recorded {
            Some(_) => Ok(Some(intent)),
            None => Err(ProcessError::retry("another worker processes the attempt", "it has an intent or has ended")),
        }
    }

    /// Records that an attempt failed.
    pub(crate) async fn fail(&self, payment: &Payment, attempt: i64, failure: &Failure) -> Result<(), ProcessError> {
        let now = self.worker.clock.now();
        let messages = record_failed(&self.worker.store, payment.id, attempt, failure, None, now).await;
        self.worker.dispatch(messages.map_err(not_recorded)?).await;
        Ok(())
    }
}
