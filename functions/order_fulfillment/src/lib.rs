//! The worker of the fulfillment queue: pick paid orders, refund cancelled ones, restock returns.

use std::sync::Arc;

use async_trait::async_trait;
use lambda_runtime::Error;
use shared::{
    app::fulfill_order::{FulfillError, pick, receive_return, refund_cancelled},
    config::Env,
    domain::message::{Event, Message, Queue},
    queue::{self, Consumer, ProcessError, Worker, WorkerSettings},
};

/// The queues that this function sends to. `template.yaml` grants access to these only.
pub const SENDS_TO: &[Queue] = &[Queue::Payments];

/// The consumer of the fulfillment queue.
#[derive(Clone, Debug)]
pub struct OrderFulfillment {
    /// The state that all workers share.
    pub worker: Worker,
}

#[async_trait]
impl Consumer for OrderFulfillment {
    async fn process(&self, message: Message) -> Result<(), ProcessError> {
        let store = &self.worker.store;
        let now = self.worker.clock.now();
        let messages = match message.event {
            Event::OrderPaid { order_id } => pick(store, message.id, order_id, now).await.map(|()| Vec::new()),
            Event::OrderCancelled { order_id } => refund_cancelled(store, message.id, order_id, now).await,
            Event::OrderReturned { order_id, return_id } => {
                receive_return(store, message.id, order_id, return_id, now).await
            }
            other => return Err(ProcessError::Poison(format!("{:?} is not for this queue", other.queue()))),
        };
        self.worker.dispatch(messages.map_err(not_fulfilled)?).await;
        Ok(())
    }
}

fn not_fulfilled(error: FulfillError) -> ProcessError {
    match error {
        FulfillError::Store(error) => error.into(),
        FulfillError::Illegal(_) | FulfillError::Return(_) | FulfillError::Refund(_) => {
            ProcessError::Poison(error.to_string())
        }
    }
}

/// Serves the queue as a Lambda.
pub async fn serve() -> Result<(), Error> {
    let mut env = Env::from_process().resolve_secrets().await;
    let settings = WorkerSettings::read(&mut env, SENDS_TO);
    env.finish()?;
    let worker = settings.connect("order_fulfillment").await?;
    queue::run_lambda(Arc::new(OrderFulfillment { worker })).await
}
