//! Dispatches messages from the outbox to SQS.
//!
//! The transaction of a change enqueues its messages in the outbox, and they are dispatched after the commit.
//! Dispatching is best effort: the relay, which runs every minute, sends those that were not dispatched.

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_sqs::{Client, types::SendMessageBatchRequestEntry};

use shop_domain::{
    Clock, Id,
    message::{Message, Queue},
};
use shop_store::{Store, StoreError, outbox::OutboxMessage};

/// Limits how long a slow SQS delays a caller after its commit. The relay has no such limit.
const DISPATCH_TIMEOUT: Duration = Duration::from_secs(3);

/// The maximum number of entries of `SendMessageBatch`.
const BATCH: usize = 10;

/// The age from which the relay sends a message: a younger one may still be dispatched by the process that enqueued it.
pub const RELAY_AFTER: Duration = Duration::from_secs(10);

/// The URL of each queue.
pub type QueueUrls = BTreeMap<Queue, String>;

/// Sends the messages of the outbox to their queues.
#[derive(Clone, Debug)]
pub struct Publisher {
    client: Client,
    urls: QueueUrls,
    store: Store,
    clock: Clock,
}

impl Publisher {
    /// A publisher whose SQS client is configured by the environment (`AWS_REGION`, credentials,
    /// `AWS_ENDPOINT_URL_SQS`).
    pub async fn from_environment(urls: QueueUrls, store: Store, clock: Clock) -> Self {
        let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
        Self::new(Client::new(&config), urls, store, clock)
    }

    /// A publisher with this SQS client.
    pub const fn new(client: Client, urls: QueueUrls, store: Store, clock: Clock) -> Self {
        Self { client, urls, store, clock }
    }

    /// The same publisher, limited to the queues that a function sends to.
    #[must_use]
    pub fn limited_to(&self, queues: &[Queue]) -> Self {
        let mut limited = self.clone();
        limited.urls.retain(|queue, _| queues.contains(queue));
        limited
    }

    /// Sends messages whose transaction has committed. Never fails: unsent messages are logged and left to the relay.
    pub async fn dispatch(&self, messages: &[Message]) {
        for message in messages {
            let queue = message.event.queue();
            // The relay would send the message a minute late and hide the mistake, so tests must fail.
            debug_assert!(self.urls.contains_key(&queue), "{} is missing in this function's SENDS_TO", queue.as_str());
        }
        let outbox_messages = messages.iter().map(OutboxMessage::of).collect::<Result<Vec<_>, _>>();
        let sending = async {
            let sent = self.dispatch_messages(&outbox_messages?).await;
            self.store.outbox.mark_sent_in_passing(&sent, self.clock.now()).await
        };
        match tokio::time::timeout(DISPATCH_TIMEOUT, sending).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "messages are left to the relay")
            }
            Err(_) => tracing::warn!("SQS is slow: messages are left to the relay"),
        }
    }

    /// Sends up to `limit` unsent messages of each queue, and answers how many were sent.
    ///
    /// The limit is per queue, so that messages that one queue refuses do not block those of the others.
    pub async fn relay(&self, limit: i64) -> Result<usize, StoreError> {
        let before = self.clock.now().minus(RELAY_AFTER);
        let unsent = Queue::ALL.map(|queue| self.store.outbox.list_unsent(queue, before, limit));
        let sent = self.dispatch_messages(&futures::future::try_join_all(unsent).await?.concat()).await;
        self.store.outbox.mark_sent(&sent, self.clock.now()).await?;
        Ok(sent.len())
    }

    /// Sends messages to their queues, and answers the ids of those that SQS accepted.
    async fn dispatch_messages(&self, messages: &[OutboxMessage]) -> Vec<Id<Message>> {
        let to_queue = async |queue: Queue| {
            let due: Vec<&OutboxMessage> = messages.iter().filter(|message| message.queue == queue).collect();
            let mut sent = Vec::new();
            for batch in due.chunks(BATCH) {
                sent.extend(self.send_batch(queue, batch).await);
            }
            sent
        };
        // Concurrently, so that a slow queue does not delay the others.
        futures::future::join_all(Queue::ALL.map(to_queue)).await.concat()
    }

    /// Sends at most [`BATCH`] messages to one queue, and answers the ids of those that SQS accepted.
    async fn send_batch(&self, queue: Queue, batch: &[&OutboxMessage]) -> Vec<Id<Message>> {
        let Some(url) = self.urls.get(&queue) else {
            tracing::error!(
                queue = queue.as_str(),
                "the queue has no URL in this function: its messages are left to the relay"
            );
            return Vec::new();
        };
        let mut request = self.client.send_message_batch().queue_url(url);
        for message in batch {
            let entry =
                SendMessageBatchRequestEntry::builder().id(message.id.to_string()).message_body(&message.body).build();
            match entry {
                Ok(entry) => request = request.entries(entry),
                Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "an entry could not be built"),
            }
        }
        match request.send().await {
            Ok(answer) => {
                for failed in answer.failed() {
                    tracing::warn!(id = failed.id(), code = failed.code(), "SQS did not accept a message");
                }
                answer.successful().iter().filter_map(|entry| entry.id().parse().ok()).collect()
            }
            Err(error) => {
                let error = aws_sdk_sqs::Error::from(error);
                tracing::warn!(
                    queue = queue.as_str(),
                    error = &error as &dyn std::error::Error,
                    "SQS did not accept a batch"
                );
                Vec::new()
            }
        }
    }
}
