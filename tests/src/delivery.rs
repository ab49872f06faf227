//! Messages by hand: in any order and as often as a test likes, past the queues.

use std::collections::{BTreeMap, BTreeSet};

use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use bson::{Document, doc};
use futures::{TryStreamExt, future::join_all};
use shared::{domain::message::Queue, queue::consume, store::outbox::OutboxMessage};

use crate::shop::TestShop;

/// What a second delivery must leave as it is.
pub const STATE: &[&str] = &["orders", "payments", "inventory", "coupons", "couponUses", "carts", "products", "outbox"];

/// More than any chain of messages is long.
const ROUNDS: usize = 50;

impl TestShop {
    /// Every message that was ever promised, oldest first.
    pub async fn outbox(&self) -> Vec<OutboxMessage> {
        let outbox = self.store().database().collection::<OutboxMessage>("outbox");
        outbox.find(doc! {}).sort(doc! {"createdAt": 1, "_id": 1}).await.unwrap().try_collect().await.unwrap()
    }

    /// The messages of a type that were ever promised, oldest first.
    pub async fn enqueued(&self, kind: &str) -> Vec<OutboxMessage> {
        let is_it = |promise: &OutboxMessage| {
            let body: serde_json::Value = serde_json::from_str(&promise.body).unwrap();
            body["type"] == kind
        };
        self.outbox().await.into_iter().filter(is_it).collect()
    }

    /// The messages of a type about an order that were ever promised, oldest first.
    pub async fn enqueued_about(&self, kind: &str, order: &str) -> Vec<OutboxMessage> {
        self.enqueued(kind).await.into_iter().filter(|promise| promise.body.contains(order)).collect()
    }

    /// Hands messages over to their functions, in this order, as batches of ten for one queue each. Answers those that have
    /// to come again.
    pub async fn deliver(&self, promises: &[OutboxMessage]) -> Vec<OutboxMessage> {
        let mut failed = Vec::new();
        for of_one_queue in promises.chunk_by(|left, right| left.queue == right.queue) {
            for batch in of_one_queue.chunks(10) {
                failed.extend(self.deliver_batch(batch[0].queue, batch).await);
            }
        }
        failed
    }

    /// Hands over whatever was promised and had no effect yet, and what follows from it, until nothing is left: the queues
    /// side by side, as they are.
    pub async fn deliver_everything(&self) {
        let mut done = BTreeSet::new();
        let mut left = Vec::new();
        for _ in 0..ROUNDS {
            left = self.outbox().await;
            left.retain(|promise| !done.contains(&promise.id));
            if left.is_empty() {
                return;
            }
            let queues = Queue::ALL.map(|queue| left.iter().filter(move |promise| promise.queue == queue).cloned());
            let failed = join_all(queues.map(async |due| self.deliver(&due.collect::<Vec<_>>()).await)).await;
            let failed: BTreeSet<_> = failed.into_iter().flatten().map(|promise| promise.id).collect();
            done.extend(left.iter().map(|promise| promise.id).filter(|id| !failed.contains(id)));
        }
        panic!("messages go on failing, or following from each other, without end: {left:#?}");
    }

    async fn deliver_batch(&self, queue: Queue, batch: &[OutboxMessage]) -> Vec<OutboxMessage> {
        let mut event = SqsEvent::default();
        for (position, promise) in batch.iter().enumerate() {
            let mut record = SqsMessage::default();
            record.message_id = Some(position.to_string());
            record.body = Some(promise.body.clone());
            event.records.push(record);
        }
        let response = consume(self.consumer(queue).as_ref(), event).await;
        let position = |id: &str| id.parse::<usize>().unwrap();
        response.batch_item_failures.iter().map(|failure| batch[position(&failure.item_identifier)].clone()).collect()
    }

    /// The documents of these collections, in the order of their ids, without what only tells when they were written.
    pub async fn dump(&self, collections: &[&str]) -> BTreeMap<String, Vec<Document>> {
        let mut dump = BTreeMap::new();
        for name in collections {
            let collection = self.store().database().collection::<Document>(name);
            let find = collection.find(doc! {}).sort(doc! {"_id": 1}).projection(doc! {"sentAt": 0});
            dump.insert((*name).to_owned(), find.await.unwrap().try_collect().await.unwrap());
        }
        dump
    }
}
