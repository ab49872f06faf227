//! Consumes a queue: processes a batch and answers the failed records.
//!
//! Records are independent: a body that cannot be read or a handler that panics fails only its own record. SQS delivers
//! a failed record again after the visibility time-out, and moves it to the dead-letter queue after five receives.

use std::{panic::AssertUnwindSafe, sync::Arc};

use async_trait::async_trait;
use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent, SqsMessage};
use futures::{FutureExt, future::join_all};
use lambda_runtime::LambdaEvent;

use shop_domain::message::{ENVELOPE_VERSION, Message};
use shop_store::StoreError;

/// Why a message could not be processed.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// A dependency is unavailable or an outcome undecided: the message must be delivered again.
    #[error("{reason}")]
    Retry {
        /// What failed, for the log.
        reason: String,
        /// The cause.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// No retry can succeed: the message ends in the dead-letter queue.
    #[error("poison: {0}")]
    Poison(String),
}

impl ProcessError {
    /// A failure after which the message is delivered again.
    pub fn retry(reason: impl Into<String>, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Retry { reason: reason.into(), source: Some(source.into()) }
    }
}

impl From<StoreError> for ProcessError {
    fn from(error: StoreError) -> Self {
        match error {
            // Messages are dispatched after their transaction commits, so a missing document will not appear later.
            StoreError::Missing(_) => Self::Poison(error.to_string()),
            error => Self::retry("the store did not answer", error),
        }
    }
}

/// The handler of the messages of a queue.
#[async_trait]
pub trait Consumer: Send + Sync + 'static {
    /// Processes a message. Must be idempotent: SQS may deliver a message more than once.
    async fn process(&self, message: Message) -> Result<(), ProcessError>;
}

/// Processes the records of a batch concurrently, and answers those that failed.
pub async fn consume(consumer: &dyn Consumer, batch: SqsEvent) -> SqsBatchResponse {
    let outcomes = batch.records.iter().map(|record| async move {
        let failed = !process_record(consumer, record).await;
        // SQS sets the id of every record; a failure could not be reported without it.
        failed.then(|| record.message_id.clone().unwrap_or_default())
    });
    let mut response = SqsBatchResponse::default();
    response.batch_item_failures = join_all(outcomes)
        .await
        .into_iter()
        .flatten()
        .map(|id| {
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = id;
            failure
        })
        .collect();
    response
}

/// Whether the record can be deleted from the queue.
async fn process_record(consumer: &dyn Consumer, record: &SqsMessage) -> bool {
    let outcome = match read(record) {
        Ok(message) => {
            // Messages contain only ids and counts, so they may be logged.
            let (id, order, event) = (message.id, message.event.order_id(), format!("{:?}", message.event));
            let processing = AssertUnwindSafe(consumer.process(message)).catch_unwind();
            let outcome =
                processing.await.unwrap_or_else(|_| Err(ProcessError::Poison("the handler panicked".to_owned())));
            let order = order.map(|order| order.to_string());
            tracing::info!(message = %id, event, order, ok = outcome.is_ok(), "message");
            outcome
        }
        Err(error) => Err(error),
    };
    match outcome {
        Ok(()) => true,
        Err(error) => {
            let record = record.message_id.as_deref().unwrap_or("unknown");
            match &error {
                ProcessError::Retry { .. } => {
                    tracing::warn!(record, error = &error as &dyn std::error::Error, "a message has to come again");
                }
                ProcessError::Poison(_) => {
                    tracing::error!(record, error = &error as &dyn std::error::Error, "a message cannot be processed");
                }
            }
            false
        }
    }
}

fn read(record: &SqsMessage) -> Result<Message, ProcessError> {
    let body = record.body.as_deref().unwrap_or_default();
    // The position only: a body of unknown content does not belong in the log.
    let message: Message = serde_json::from_str(body).map_err(|error| {
        ProcessError::Poison(format!("the body is not a message (line {}, column {})", error.line(), error.column()))
    })?;
    if message.version != ENVELOPE_VERSION {
        return Err(ProcessError::Poison(format!("envelope version {} is unknown", message.version)));
    }
    Ok(message)
}

/// Serves a queue as a Lambda.
pub async fn run_lambda(consumer: Arc<dyn Consumer>) -> Result<(), lambda_runtime::Error> {
    lambda_runtime::run(lambda_runtime::service_fn(move |event: LambdaEvent<SqsEvent>| {
        let consumer = Arc::clone(&consumer);
        async move { Ok::<_, lambda_runtime::Error>(consume(consumer.as_ref(), event.payload).await) }
    }))
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use shop_domain::{Id, Timestamp, message::Event};

    struct PartlyFailing;

    #[async_trait]
    impl Consumer for PartlyFailing {
        async fn process(&self, message: Message) -> Result<(), ProcessError> {
            match message.event {
                Event::OrderCancelled { .. } => panic!("a bug"),
                Event::PaymentStatusUnknown { .. } => Err(ProcessError::Poison("no".into())),
                _ => Ok(()),
            }
        }
    }

    fn record(id: usize, body: String) -> SqsMessage {
        let mut record = SqsMessage::default();
        record.message_id = Some(id.to_string());
        record.body = Some(body);
        record
    }

    #[tokio::test]
    async fn one_bad_body_and_one_panic_in_a_batch_of_ten_fail_exactly_those_two() {
        let mut batch = SqsEvent::default();
        for id in 0..10 {
            let order_id = Id::new();
            let event = if id == 7 { Event::OrderCancelled { order_id } } else { Event::OrderPaid { order_id } };
            let body = serde_json::to_string(&event.now(Timestamp::from_millis(0))).unwrap();
            batch.records.push(record(id, if id == 3 { "{".into() } else { body }));
        }
        let failed: Vec<_> = consume(&PartlyFailing, batch)
            .await
            .batch_item_failures
            .into_iter()
            .map(|failure| failure.item_identifier)
            .collect();
        assert_eq!(failed, ["3", "7"]);
    }

    #[tokio::test]
    async fn an_unknown_version_is_poison() {
        let mut message = Event::OrderPaid { order_id: Id::new() }.now(Timestamp::from_millis(0));
        message.version = 2;
        let mut batch = SqsEvent::default();
        batch.records.push(record(0, serde_json::to_string(&message).unwrap()));
        assert_eq!(consume(&PartlyFailing, batch).await.batch_item_failures.len(), 1);
    }
}
