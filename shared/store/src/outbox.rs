//! `outbox`: messages that were enqueued in the transaction of a change, until SQS has them (invariant I7).

use bson::{Bson, doc};
use futures::TryStreamExt;
use mongodb::{Collection, Database, options::WriteConcern};
use serde::{Deserialize, Serialize};

use super::{StoreError, Tx, WithSchema};
use shop_domain::{
    Id, Timestamp,
    message::{Message, Queue},
};

/// The collection `outbox`.
#[derive(Clone, Debug)]
pub struct Outbox {
    collection: Collection<OutboxMessage>,
}

/// An enqueued message.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutboxMessage {
    /// The message's id.
    #[serde(rename = "_id")]
    pub id: Id<Message>,
    /// Where it goes.
    pub queue: Queue,
    /// The envelope as JSON: what SQS gets, to the letter.
    pub body: String,
    /// When it was enqueued.
    pub created_at: Timestamp,
    /// When SQS took it; the document is removed a week later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Timestamp>,
}

impl OutboxMessage {
    /// Writes a message down.
    pub fn of(message: &Message) -> Result<Self, StoreError> {
        let body = serde_json::to_string(message)
            .map_err(|error| StoreError::Corrupt(mongodb::error::Error::custom(error)))?;
        Ok(Self { id: message.id, queue: message.event.queue(), body, created_at: message.occurred_at, sent_at: None })
    }
}

impl Outbox {
    pub(super) fn new(database: &Database) -> Self {
        Self { collection: database.collection("outbox") }
    }

    /// Enqueues a message: it is sent at least once if the transaction commits, and never if it does not.
    pub async fn enqueue(&self, tx: &mut Tx, message: &Message) -> Result<(), StoreError> {
        let message = WithSchema::of(OutboxMessage::of(message)?);
        self.collection.clone_with_type().insert_one(message).session(&mut tx.session).await?;
        Ok(())
    }

    /// Whether a message was enqueued within the last week.
    pub async fn contains(&self, id: Id<Message>) -> Result<bool, StoreError> {
        Ok(self.collection.find_one(doc! {"_id": id}).await?.is_some())
    }

    /// Enqueues several messages at once.
    pub async fn enqueue_all(&self, tx: &mut Tx, messages: &[Message]) -> Result<(), StoreError> {
        if messages.is_empty() {
            return Ok(());
        }
        let messages: Vec<_> =
            messages.iter().map(|message| OutboxMessage::of(message).map(WithSchema::of)).collect::<Result<_, _>>()?;
        self.collection.clone_with_type().insert_many(messages).session(&mut tx.session).await?;
        Ok(())
    }

    /// Marks messages that SQS accepted.
    pub async fn mark_sent(&self, ids: &[Id<Message>], now: Timestamp) -> Result<(), StoreError> {
        self.mark(ids, now, WriteConcern::majority()).await
    }

    /// The same, acknowledged by one server: if the mark is lost, they are sent again, which every
    /// consumer expects anyway. Not for callers that read the unsent messages at once.
    pub async fn mark_sent_in_passing(&self, ids: &[Id<Message>], now: Timestamp) -> Result<(), StoreError> {
        self.mark(ids, now, WriteConcern::nodes(1)).await
    }

    async fn mark(&self, ids: &[Id<Message>], now: Timestamp, waited_for: WriteConcern) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        let ids: Vec<Bson> = ids.iter().copied().map(Bson::from).collect();
        let mark = doc! {"$set": {"sentAt": now}};
        self.collection.update_many(doc! {"_id": {"$in": ids}}, mark).write_concern(waited_for).await?;
        Ok(())
    }

    /// Messages to a queue that were enqueued before `before` and are not marked as sent, oldest first.
    pub async fn list_unsent(
        &self,
        queue: Queue,
        before: Timestamp,
        limit: i64,
    ) -> Result<Vec<OutboxMessage>, StoreError> {
        let filter = doc! {"sentAt": {"$exists": false}, "createdAt": {"$lte": before}, "queue": queue.as_str()};
        Ok(self.collection.find(filter).sort(doc! {"createdAt": 1}).limit(limit).await?.try_collect().await?)
    }
}
