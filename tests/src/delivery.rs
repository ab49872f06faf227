//! Delivers messages without the queues, in any order and any number of times.

use std::collections::{BTreeMap, BTreeSet};

use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use bson::{Document, doc};
use futures::{TryStreamExt, future::join_all};
use shared::{
    domain::{message::Queue, payment::REFUND_LEASE},
    queue::consume,
    store::outbox::OutboxMessage,
};

use crate::shop::TestShop;

/// The collections that a second delivery must not change.
pub const STATE: &[&str] = &["orders", "payments", "inventory", "coupons", "couponUses", "carts", "products", "outbox"];

/// More rounds than any chain of messages needs.
const ROUNDS: usize = 50;

impl TestShop {
    /// Every message that was ever enqueued, oldest first.
    pub async fn outbox(&self) -> Vec<OutboxMessage> {
        let outbox = self.store().database().collection::<OutboxMessage>("outbox");
        outbox.find(doc! {}).sort(doc! {"createdAt": 1, "_id": 1}).await.unwrap().try_collect().await.unwrap()
    }

    /// Every message of a type, oldest first.
    pub async fn enqueued(&self, kind: &str) -> Vec<OutboxMessage> {
        let is_of_kind = |message: &OutboxMessage| {
            let body: serde_json::Value = serde_json::from_str(&message.body).unwrap();
            body["type"] == kind
        };
        self.outbox().await.into_iter().filter(is_of_kind).collect()
    }

    /// Every message of a type about an order, oldest first.
    pub async fn enqueued_about(&self, kind: &str, order: &str) -> Vec<OutboxMessage> {
        self.enqueued(kind).await.into_iter().filter(|message| message.body.contains(order)).collect()
    }

    /// Delivers messages in this order, in batches of ten for one queue each. Answers those that failed.
    pub async fn deliver(&self, messages: &[OutboxMessage]) -> Vec<OutboxMessage> {
        let mut failed = Vec::new();
        for of_one_queue in messages.chunk_by(|left, right| left.queue == right.queue) {
            for batch in of_one_queue.chunks(10) {
                failed.extend(self.deliver_batch(batch[0].queue, batch).await);
            }
        }
        failed
    }

    /// Delivers every unprocessed message and those that follow from it, the queues concurrently, until the outbox is done. If
    /// all of them fail, the clock advances as it does while a queue hides them: leases of lost calls run out.
    pub async fn deliver_everything(&self) {
        let mut done = BTreeSet::new();
        let mut left = Vec::new();
        for _ in 0..ROUNDS {
            left = self.outbox().await;
            left.retain(|message| !done.contains(&message.id));
            if left.is_empty() {
                return;
            }
            let queues = Queue::ALL.map(|queue| left.iter().filter(move |message| message.queue == queue).cloned());
            let failed = join_all(queues.map(async |due| self.deliver(&due.collect::<Vec<_>>()).await)).await;
            let failed: BTreeSet<_> = failed.into_iter().flatten().map(|message| message.id).collect();
            if failed.len() == left.len() {
                self.clock.advance(REFUND_LEASE);
            }
            done.extend(left.iter().map(|message| message.id).filter(|id| !failed.contains(id)));
        }
        panic!("messages keep failing or following from each other: {left:#?}");
    }

    async fn deliver_batch(&self, queue: Queue, batch: &[OutboxMessage]) -> Vec<OutboxMessage> {
        let mut event = SqsEvent::default();
        for (position, message) in batch.iter().enumerate() {
            let mut record = SqsMessage::default();
            record.message_id = Some(position.to_string());
            record.body = Some(message.body.clone());
            event.records.push(record);
        }
        let response = consume(self.consumer(queue).as_ref(), event).await;
        let position = |id: &str| id.parse::<usize>().unwrap();
        response.batch_item_failures.iter().map(|failure| batch[position(&failure.item_identifier)].clone()).collect()
    }

    /// The documents of these collections by id, without `sentAt`, which a second delivery may change.
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
