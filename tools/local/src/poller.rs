//! What Lambda does between a queue and a function: takes batches, hands them over, deletes what was done, and leaves the
//! rest to come again after its visibility time-out, and after five receives to the dead-letter queue.

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
/// How long SQS waits for a first message.
const LONG_POLL_SECONDS: i32 = 5;
/// After SQS could not be reached.
const PAUSE: Duration = Duration::from_secs(1);

/// The event source mapping of one queue.
#[derive(Clone)]
pub struct Poller {
    /// SQS.
    pub client: Client,
    /// The queue.
    pub url: String,
    /// The function.
    pub consumer: Arc<dyn Consumer>,
}

impl Poller {
    /// Feeds the consumer for ever.
    pub async fn run(self) {
        loop {
            if let Err(error) = self.poll(LONG_POLL_SECONDS).await {
                tracing::warn!(url = self.url, error = %error, "SQS does not answer");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// Takes one batch, if there is any within `wait_seconds`; answers how many messages it held.
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

    /// Takes up to ten messages from the queue.
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

    /// Hands a batch to the consumer and deletes what it is done with; answers how many have to come again.
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
                // A message can stand in a batch twice, and the names of the entries must differ.
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

/// The event that Lambda makes of a batch.
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
