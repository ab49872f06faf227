//! `processedMessages`: which messages have had their effect.
//!
//! SQS delivers at least once. A consumer records the message in the transaction of its effect, so a second delivery finds
//! the record and changes nothing.

use std::time::Duration;

use bson::doc;
use mongodb::{Collection, Database};
use serde::{Deserialize, Serialize};

use super::{StoreError, Tx, WithSchema};
use shop_domain::{Id, Idempotent, Timestamp, message::Message};

/// How long a message is remembered: as long as SQS and a dead-letter queue can keep it (14 days each), and a day.
const REMEMBERED: Duration = Duration::from_secs(29 * 24 * 3600);

/// The collection `processedMessages`.
#[derive(Clone, Debug)]
pub struct Processed {
    collection: Collection<ProcessedMessage>,
}

/// A message that has had its effect.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProcessedMessage {
    #[serde(rename = "_id")]
    id: Id<Message>,
    processed_at: Timestamp,
    expires_at: Timestamp,
}

impl Processed {
    pub(super) fn new(database: &Database) -> Self {
        Self { collection: database.collection("processedMessages") }
    }

    /// Whether the message has had its effect.
    pub async fn contains(&self, id: Id<Message>) -> Result<bool, StoreError> {
        Ok(self.collection.find_one(doc! {"_id": id}).await?.is_some())
    }

    /// Records the message in the transaction of its effect. [`Idempotent::AlreadyApplied`]: it has had its effect, make none.
    pub async fn record_in(&self, tx: &mut Tx, id: Id<Message>, now: Timestamp) -> Result<Idempotent, StoreError> {
        // Looked up first: a duplicate key would abort the transaction. Two that look at once collide on the insert, one
        // runs again and then finds the other's record.
        if self.collection.find_one(doc! {"_id": id}).session(&mut tx.session).await?.is_some() {
            return Ok(Idempotent::AlreadyApplied);
        }
        self.collection.clone_with_type().insert_one(ProcessedMessage::new(id, now)).session(&mut tx.session).await?;
        Ok(Idempotent::Executed)
    }

    /// Records a message whose effect lies outside the database, after it.
    pub async fn record(&self, id: Id<Message>, now: Timestamp) -> Result<(), StoreError> {
        match self
            .collection
            .clone_with_type()
            .insert_one(ProcessedMessage::new(id, now))
            .await
            .map_err(StoreError::from)
        {
            Ok(_) | Err(StoreError::Duplicate { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl ProcessedMessage {
    fn new(id: Id<Message>, now: Timestamp) -> WithSchema<Self> {
        WithSchema::of(Self { id, processed_at: now, expires_at: now.plus(REMEMBERED) })
    }
}
