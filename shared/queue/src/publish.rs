//! From the outbox to SQS.
//!
//! A message is promised in the transaction of its change and sent after the commit. Sending is best effort: what is not
//! sent now is sent by the relay, which runs every minute.

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_sqs::{Client, types::SendMessageBatchRequestEntry};

use shop_domain::{
    Clock, Id,
    message::{Message, Queue},
};
use shop_store::{Store, StoreError, outbox::OutboxMessage};

/// Whoever sends at once does not wait longer than this for SQS; the relay is patient.
const DISPATCH_TIMEOUT: Duration = Duration::from_secs(3);

/// SQS takes ten messages at once.
const BATCH: usize = 10;

/// How old a promise must be before the relay sends it: younger ones are about to be sent by whoever made them.
pub const RELAY_AFTER: Duration = Duration::from_secs(10);

/// Where the queues are.
pub type QueueUrls = BTreeMap<Queue, String>;

/// Sends promised messages.
#[derive(Clone, Debug)]
pub struct Publisher {
    client: Client,
    urls: QueueUrls,
    store: Store,
    clock: Clock,
}

impl Publisher {
    /// A publisher that finds SQS by the environment (`AWS_REGION`, credentials, `AWS_ENDPOINT_URL_SQS`).
    pub async fn from_environment(urls: QueueUrls, store: Store, clock: Clock) -> Self {
        let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
        Self::new(Client::new(&config), urls, store, clock)
    }

    /// A publisher with this client.
    pub const fn new(client: Client, urls: QueueUrls, store: Store, clock: Clock) -> Self {
        Self { client, urls, store, clock }
    }

    /// The same publisher for a function that sends to these queues only.
    #[must_use]
    pub fn limited_to(&self, queues: &[Queue]) -> Self {
        let mut limited = self.clone();
        limited.urls.retain(|queue, _| queues.contains(queue));
        limited
    }

    /// Sends messages whose transaction has just committed. Never fails: what could not be sent is logged and left to the
    /// relay.
    pub async fn dispatch(&self, messages: &[Message]) {
        for message in messages {
            let queue = message.event.queue();
            // The relay would hide this mistake, a minute late. Tests are to show it.
            debug_assert!(self.urls.contains_key(&queue), "{} is missing in this function's SENDS_TO", queue.as_str());
        }
        let promises = messages.iter().map(OutboxMessage::of).collect::<Result<Vec<_>, _>>();
        let sending = async {
            let sent = self.dispatch_messages(&promises?).await;
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

    /// Sends up to `limit` promises of each queue that were left behind. Answers how many were sent.
    ///
    /// Of each queue: what one of them does not take must not keep back what the others would.
    pub async fn relay(&self, limit: i64) -> Result<usize, StoreError> {
        let before = self.clock.now().minus(RELAY_AFTER);
        let left = Queue::ALL.map(|queue| self.store.outbox.list_unsent(queue, before, limit));
        let sent = self.dispatch_messages(&futures::future::try_join_all(left).await?.concat()).await;
        self.store.outbox.mark_sent(&sent, self.clock.now()).await?;
        Ok(sent.len())
    }

    /// Sends promises. Answers which SQS took.
    async fn dispatch_messages(&self, promises: &[OutboxMessage]) -> Vec<Id<Message>> {
        let to_queue = async |queue: Queue| {
            let due: Vec<&OutboxMessage> = promises.iter().filter(|promise| promise.queue == queue).collect();
            let mut sent = Vec::new();
            for batch in due.chunks(BATCH) {
                sent.extend(self.send_batch(queue, batch).await);
            }
            sent
        };
        // As long as the slowest queue takes, not all of them in turn.
        futures::future::join_all(Queue::ALL.map(to_queue)).await.concat()
    }

    /// Answers what SQS took.
    async fn send_batch(&self, queue: Queue, batch: &[&OutboxMessage]) -> Vec<Id<Message>> {
        let Some(url) = self.urls.get(&queue) else {
            tracing::error!(queue = queue.as_str(), "this function has no address for the queue: left to the relay");
            return Vec::new();
        };
        let mut request = self.client.send_message_batch().queue_url(url);
        for promise in batch {
            let entry =
                SendMessageBatchRequestEntry::builder().id(promise.id.to_string()).message_body(&promise.body).build();
            match entry {
                Ok(entry) => request = request.entries(entry),
                Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "an entry could not be built"),
            }
        }
        match request.send().await {
            Ok(answer) => {
                for failed in answer.failed() {
                    tracing::warn!(id = failed.id(), code = failed.code(), "SQS did not take a message");
                }
                answer.successful().iter().filter_map(|taken| taken.id().parse().ok()).collect()
            }
            Err(error) => {
                let error = aws_sdk_sqs::Error::from(error);
                tracing::warn!(
                    queue = queue.as_str(),
                    error = &error as &dyn std::error::Error,
                    "SQS did not take a batch"
                );
                Vec::new()
            }
        }
    }
}
