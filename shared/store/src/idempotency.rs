//! `idempotency`: the answer to each keyed request that had an effect (invariant I2).
//!
//! The record is inserted in the transaction of the effect: either both exist or neither does. Of two requests with the same
//! key one commits, and the other meets its record.

use std::time::Duration;

use bson::doc;
use mongodb::{Collection, Database, options::ReadConcern};
use serde::{Deserialize, Serialize};

use super::{StoreError, Tx, WithSchema};
use shop_domain::Timestamp;

/// How long an answer is kept.
pub const RETENTION: Duration = Duration::from_secs(24 * 3600);

/// Upper bound for a read that waits until a majority has what it read.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(2);

/// The collection `idempotency`.
#[derive(Clone, Debug)]
pub struct IdempotencyRecords {
    collection: Collection<IdempotencyRecord>,
}

/// What a request with an `Idempotency-Key` was answered.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IdempotencyRecord {
    /// Caller, operation and key.
    #[serde(rename = "_id")]
    pub scope: String,
    /// SHA-256 of the request, hex: the same key with another request is a mistake of the client.
    pub fingerprint: String,
    /// The answer.
    pub answer: Answer,
    /// When the record no longer counts. The TTL index removes it some time after that.
    pub expires_at: Timestamp,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// HTTP status.
    pub status: i32,
    /// The body, to the letter.
    pub body: String,
    /// `Location`, where something was created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
}

impl IdempotencyRecords {
    pub(super) fn new(database: &Database) -> Self {
        Self { collection: database.collection("idempotency") }
    }

    /// The record of a request.
    pub async fn find(&self, scope: &str, now: Timestamp) -> Result<Option<IdempotencyRecord>, StoreError> {
        self.find_with(ReadConcern::majority(), scope, now).await
    }

    /// The record of a request, also if a majority is only about to confirm it: what refused a duplicate may be the effect of
    /// the first request, whose commit is visible before it is acknowledged.
    pub async fn find_linearizable(
        &self,
        scope: &str,
        now: Timestamp,
    ) -> Result<Option<IdempotencyRecord>, StoreError> {
        self.find_with(ReadConcern::linearizable(), scope, now).await
    }

    async fn find_with(
        &self,
        concern: ReadConcern,
        scope: &str,
        now: Timestamp,
    ) -> Result<Option<IdempotencyRecord>, StoreError> {
        let found =
            self.collection.find_one(doc! {"_id": scope}).read_concern(concern).max_time(LOOKUP_TIMEOUT).await?;
        Ok(found.filter(|record| record.expires_at > now))
    }

    /// Inserts the record in the transaction of the effect.
    ///
    /// # Errors
    /// [`StoreError::DuplicateRequest`] if another request with this key has committed, or is about to.
    pub async fn insert_in(&self, tx: &mut Tx, record: &IdempotencyRecord, now: Timestamp) -> Result<(), StoreError> {
        // An expired record that is still there is replaced; upon a valid one the upsert violates the unique `_id`.
        let expired = doc! {"_id": &record.scope, "expiresAt": {"$lte": now}};
        let records = self.collection.clone_with_type();
        let insert = records.replace_one(expired, WithSchema::of(record)).upsert(true);
        let inserted = insert.session(&mut tx.session).await;
        match inserted.map_err(StoreError::from) {
            Ok(_) => Ok(()),
            Err(StoreError::Duplicate { .. }) => Err(StoreError::DuplicateRequest),
            Err(error) if error.is_write_conflict() => Err(StoreError::DuplicateRequest),
            Err(error) => Err(error),
        }
    }
}
