//! Carries out what was promised about payments: charge, look up, call off, give back.
//!
//! The only function that moves money. Exactness rests on three rules:
//!
//! 1. what is about to happen is written down before the gateway is called;
//! 2. money moves only by confirming an intent that is noted on the payment, and an intent moves it once;
//! 3. an answer that got lost is looked up, never guessed.

mod charge;
mod look_up;
mod record;
mod refund;
mod void;

use std::sync::Arc;

use async_trait::async_trait;
use lambda_runtime::Error;
use shared::{
    app::record_payment::RecordError,
    config::{Env, StripeSettings},
    domain::{
        Id,
        message::{Event, Message, Queue},
        payment::Payment,
    },
    gateway::{GatewayError, PaymentGateway, Stripe},
    queue::{self, Consumer, ProcessError, Worker, WorkerSettings},
};

/// The queues that this function sends to. `template.yaml` gives it the right and the address of these and no others.
pub const SENDS_TO: &[Queue] = &Queue::ALL;

/// The consumer of the payments queue.
#[derive(Clone, Debug)]
pub struct PaymentProcessing {
    /// What every worker has.
    pub worker: Worker,
    /// Who moves the money.
    pub gateway: Arc<dyn PaymentGateway>,
}

#[async_trait]
impl Consumer for PaymentProcessing {
    async fn process(&self, message: Message) -> Result<(), ProcessError> {
        if self.worker.store.processed.contains(message.id).await? {
            return Ok(());
        }
        match message.event {
            Event::PaymentRequested { payment_id, attempt, .. } => self.charge(payment_id, attempt).await,
            Event::RefundRequested { payment_id, refund_id, .. } => self.refund(payment_id, refund_id).await,
            Event::PaymentVoidRequested { payment_id, .. } => self.void(payment_id).await,
            Event::PaymentStatusUnknown { payment_id, .. } => self.look_up(payment_id).await,
            Event::PaymentWebhookReceived { intent_id, .. } => self.look_up_intent(&intent_id).await,
            other => Err(ProcessError::Poison(format!("{:?} is not for this queue", other.queue()))),
        }?;
        // The states of payment and order already make a second delivery change nothing; this spares it the look-up.
        Ok(self.worker.store.processed.record(message.id, self.worker.clock.now()).await?)
    }
}

impl PaymentProcessing {
    async fn load(&self, id: Id<Payment>) -> Result<Payment, ProcessError> {
        let payment = self.worker.store.payments.find(id).await?;
        payment.ok_or_else(|| ProcessError::Poison(format!("there is no payment {id}")))
    }
}

/// The gateway gave no answer that could be acted on.
fn no_answer(error: GatewayError) -> ProcessError {
    match error {
        GatewayError::Unknown(_) => ProcessError::retry("the gateway has to be asked again", error),
        GatewayError::Refused(_) => ProcessError::Poison(error.to_string()),
    }
}

fn not_recorded(error: RecordError) -> ProcessError {
    match error {
        RecordError::Store(error) => error.into(),
        RecordError::Illegal(_) | RecordError::Refund(_) => ProcessError::Poison(error.to_string()),
    }
}

/// Serves the queue as a Lambda.
pub async fn serve() -> Result<(), Error> {
    let mut env = Env::from_process().resolve_secrets().await;
    let settings = WorkerSettings::read(&mut env, SENDS_TO);
    let stripe = StripeSettings::read(&mut env);
    env.finish()?;
    let gateway = Arc::new(Stripe::try_new(&stripe.api_base, stripe.secret_key)?);
    let worker = settings.connect("payment_processing").await?;
    queue::run_lambda(Arc::new(PaymentProcessing { worker, gateway })).await
}
