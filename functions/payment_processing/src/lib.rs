//! The worker of the payments queue: charge, capture, look up, void, refund, reconcile; save and detach payment methods.
//!
//! The only function that moves money. Exactness rests on three rules:
//!
//! 1. an attempt is recorded before the gateway is called;
//! 2. money moves only by confirming an intent that is recorded on the payment, or by capturing a part of it, and an intent is
//!    charged once;
//! 3. a lost answer is looked up, never guessed.

mod capture;
mod charge;
mod look_up;
mod methods;
pub mod reconcile;
mod record;
mod refund;
mod void;

use std::sync::Arc;

use async_trait::async_trait;
use lambda_runtime::Error;
use shared::{
    app::record_payment::RecordError,
    config::{Env, ShopUrlSettings, StripeSettings, field_keys},
    domain::{
        Id,
        message::{Event, Message, Queue},
        payment::{Failure, FailureCode, Payment},
        sealing::KeyRing,
    },
    gateway::{GatewayError, PaymentGateway, Stripe, Window},
    queue::{self, Consumer, ProcessError, Worker, WorkerSettings},
    store::Versioned,
};

/// The queues that this function sends to. `template.yaml` grants access to these only.
pub const SENDS_TO: &[Queue] = &Queue::ALL;

/// The consumer of the payments queue.
#[derive(Clone, Debug)]
pub struct PaymentProcessing {
    /// The state that all workers share.
    pub worker: Worker,
    /// The payment gateway.
    pub gateway: Arc<dyn PaymentGateway>,
    /// Seals the name of the card's holder and the gateway's answer.
    pub keys: KeyRing,
    /// The shop's pages, to which the gateway sends customers back.
    pub shop_url: String,
}

#[async_trait]
impl Consumer for PaymentProcessing {
    async fn process(&self, message: Message) -> Result<(), ProcessError> {
        if self.worker.store.processed.contains(message.id).await? {
            return Ok(());
        }
        match message.event {
            Event::PaymentRequested { payment_id, attempt, .. } => self.charge(payment_id, attempt).await,
            Event::PaymentCaptureRequested { payment_id, capture_id, .. } => self.capture(payment_id, capture_id).await,
            Event::RefundRequested { payment_id, refund_id, .. } => self.refund(payment_id, refund_id).await,
            Event::PaymentVoidRequested { payment_id, .. } => self.void(payment_id).await,
            Event::PaymentStatusUnknown { payment_id, .. } => self.look_up(payment_id).await,
            Event::PaymentWebhookReceived { intent_id, .. } => self.look_up_intent(&intent_id).await,
            Event::SaveMethodRequested { payment_id, .. } => self.save_charged_method(payment_id).await,
            Event::DetachMethodRequested { method_id } => self.detach_method(method_id).await,
            Event::PaymentReconcileRequested { from, until } => self.reconcile(Window { from, until }).await,
            other => Err(ProcessError::Poison(format!("{:?} is not for this queue", other.queue()))),
        }?;
        // The states of payment and order make a second delivery a no-op; the record spares its look-up at the gateway.
        Ok(self.worker.store.processed.record(message.id, self.worker.clock.now()).await?)
    }
}

impl PaymentProcessing {
    async fn load(&self, id: Id<Payment>) -> Result<Versioned<Payment>, ProcessError> {
        let payment = self.worker.store.payments.find(id).await?;
        payment.ok_or_else(|| ProcessError::Poison(format!("there is no payment {id}")))
    }
}

/// The outcome at the gateway is unknown.
fn no_answer(error: GatewayError) -> ProcessError {
    match error {
        GatewayError::Unknown(_) => ProcessError::retry("the outcome at the gateway is unknown", error),
        GatewayError::Misconfigured(reason) => {
            tracing::error!(reason, "the gateway refuses the shop: check its key, its rights and its settings");
            ProcessError::retry("the gateway refuses the shop", reason)
        }
        GatewayError::UnknownCustomer(reason) => {
            tracing::error!(reason, "the gateway does not know the customer whom it has just made: check its key");
            ProcessError::retry("the gateway does not know the customer", reason)
        }
        GatewayError::InvalidMethod(_) | GatewayError::NotFound(_) | GatewayError::Refused(_) => {
            ProcessError::Poison(error.to_string())
        }
    }
}

/// An intent that the gateway does not know was never charged.
fn unknown_intent() -> Failure {
    Failure::new(FailureCode::Cancelled, "the charge is not known to the payment gateway")
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
    let ShopUrlSettings { shop_url } = ShopUrlSettings::read(&mut env);
    let keys = field_keys::read(&mut env).await;
    env.finish()?;
    let gateway = Arc::new(Stripe::try_new(&stripe.api_base, stripe.secret_key)?);
    let worker = settings.connect("payment_processing").await?;
    queue::run_lambda(Arc::new(PaymentProcessing { worker, gateway, keys, shop_url })).await
}
