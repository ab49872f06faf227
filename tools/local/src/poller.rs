//! The event source mapping of Lambda: receives batches, invokes the function, and deletes the processed messages.
//! Failed messages are received again after the visibility time-out, and go to the dead-letter queue after five
//! receives.

use std::{sync::Arc, time::Duration};

use anyhow::Result;
use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use aws_sdk_sqs::{
    Client,
    types::{DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName},
};
use shared::queue::{Consumer, consume};

/// As in `template.yaml`.
const BATCH: i32 = 10;
/// How long a receive waits for a message.
const LONG_POLL_SECONDS: i32 = 5;
/// The delay after SQS could not be reached.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// The event source mapping of one queue.
#[derive(Clone)]
pub struct Poller {
    /// The SQS client.
    pub client: Client,
    /// The URL of the queue.
    pub url: String,
    /// The consumer of the function.
    pub consumer: Arc<dyn Consumer>,
}

impl Poller {
    /// Polls the queue forever.
    pub async fn run(self) {
        loop {
            if let Err(error) = self.poll(LONG_POLL_SECONDS).await {
                tracing::warn!(url = self.url, error = %error, "SQS does not answer");
                tokio::time::sleep(RETRY_DELAY).await;
            }
        }
    }

    /// Processes one batch, if there is one within `wait_seconds`, and answers the number of its messages.
    ///
    /// # Errors
    /// If SQS cannot be reached.
    pub async fn poll(&self, wait_seconds: i32) -> Result<usize> {
        let batch = self.receive(wait_seconds).await?;
        if !batch.is_empty() {
            self.hand_over(&batch).await?;
        }
        Ok(batch.len())
    }

    /// Receives up to ten messages.
    ///
    /// # Errors
    /// If SQS cannot be reached.
    pub async fn receive(&self, wait_seconds: i32) -> Result<Vec<Message>> {
        let received = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(BATCH)
            .wait_time_seconds(wait_seconds)
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .send()
            .await?;
        Ok(received.messages.unwrap_or_default())
    }

    /// Processes a batch and deletes the processed messages. Answers the number of failed ones.
    ///
    /// # Errors
    /// If SQS cannot be reached.
    pub async fn hand_over(&self, batch: &[Message]) -> Result<usize> {
        let response = consume(self.consumer.as_ref(), event(batch, &self.url)).await;
        let failed = |id: &str| response.batch_item_failures.iter().any(|failure| failure.item_identifier == id);
        let mut delete = self.client.delete_message_batch().queue_url(&self.url);
        let mut done = 0;
        for message in batch {
            let (Some(id), Some(receipt)) = (&message.message_id, &message.receipt_handle) else { continue };
            if !failed(id) {
                // A batch may contain a message twice, but the ids of the entries must differ.
                let entry = DeleteMessageBatchRequestEntry::builder().id(done.to_string()).receipt_handle(receipt);
                delete = delete.entries(entry.build()?);
                done += 1;
            }
        }
        if done > 0 {
            delete.send().await?;
        }
        Ok(response.batch_item_failures.len())
    }
}

/// The event of a batch, as Lambda passes it to a function.
fn event(batch: &[Message], url: &str) -> SqsEvent {
    let queue = url.rsplit('/').next().unwrap_or_default();
    let mut event = SqsEvent::default();
    for message in batch {
        let mut record = SqsMessage::default();
        record.message_id = message.message_id.clone();
        record.receipt_handle = message.receipt_handle.clone();
        record.body = message.body.clone();
        record.md5_of_body = message.md5_of_body.clone();
        record.event_source = Some("aws:sqs".to_owned());
        record.event_source_arn = Some(format!("arn:aws:sqs:us-east-1:000000000000:{queue}"));
        record.aws_region = Some("us-east-1".to_owned());
        for (name, value) in message.attributes.iter().flatten() {
            record.attributes.insert(name.as_str().to_owned(), value.clone());
        }
        event.records.push(record);
    }
    event
}
