//! `throttles`: who tried too often, and which devices are known. Keys are hashes; nothing here names a person.

use std::time::Duration;

use bson::{Bson, doc};
use futures::TryStreamExt;
use mongodb::{Collection, Database, options::ReturnDocument};
use serde::{Deserialize, Serialize};

use super::{StoreError, documents::SCHEMA_VERSION};
use shop_domain::{Timestamp, throttle::ThrottlePolicy};

/// How long a device is known after its last login.
const DEVICE_MEMORY: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The collection `throttles`.
#[derive(Clone, Debug)]
pub struct Throttles {
    collection: Collection<Throttle>,
}

/// What is known about one key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Throttle {
    /// The key.
    #[serde(rename = "_id")]
    pub key: String,
    /// How many tries were counted.
    #[serde(default)]
    pub tries: i64,
    /// Until when further ones are refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked_until: Option<Timestamp>,
    /// Whether it is a device from which the owner has logged in.
    #[serde(default)]
    pub is_known_device: bool,
    /// When all this is forgotten; the document is removed then.
    pub expires_at: Timestamp,
}

impl Throttle {
    /// How long to wait yet.
    pub fn wait(&self, now: Timestamp) -> Option<Duration> {
        self.blocked_until.filter(|until| *until > now).map(|until| until.since(now))
    }
}

impl Throttles {
    pub(super) fn new(database: &Database) -> Self {
        Self { collection: database.collection("throttles") }
    }

    /// What is known about these keys and not yet forgotten.
    pub async fn find_all(&self, keys: &[&str], now: Timestamp) -> Result<Vec<Throttle>, StoreError> {
        let filter = doc! {"_id": {"$in": keys}, "expiresAt": {"$gt": now}};
        Ok(self.collection.find(filter).await?.try_collect().await?)
    }

    /// Counts a try. How long it should have waited, if it came too early; such a try is not counted.
    ///
    /// One atomic write: of parallel tries only as many find the way free as the policy lets.
    pub async fn count(
        &self,
        key: &str,
        policy: &ThrottlePolicy,
        now: Timestamp,
    ) -> Result<Option<Duration>, StoreError> {
        let delays: Vec<Bson> = policy.delays().iter().map(|delay| Bson::Int64(millis(*delay))).collect();
        let last = i64::try_from(delays.len()).unwrap_or(i64::MAX).saturating_sub(1);
        let delay = doc! {"$arrayElemAt": [delays, {"$toInt": {"$min": ["$tries", last]}}]};
        let is_remembered = doc! {"$gt": ["$expiresAt", now]};
        // A stage for each step, because the expressions of one stage see only the document before it.
        let update = vec![
            doc! {"$set": {
                "tries": {"$cond": [is_remembered.clone(), {"$ifNull": ["$tries", 0_i64]}, 0_i64]},
                "expiresAt": {"$cond": [is_remembered, "$expiresAt", now.plus(policy.window)]},
                "isOpen": {"$lte": [{"$ifNull": ["$blockedUntil", now]}, now]},
                "schemaVersion": SCHEMA_VERSION,
            }},
            doc! {"$set": {
                "tries": {"$cond": ["$isOpen", {"$add": ["$tries", 1_i64]}, "$tries"]},
                // A free attempt causes no refusal, not even of attempts that began before it and are counted after it.
                "blockedUntil": {"$switch": {
                    "branches": [
                        {"case": {"$not": ["$isOpen"]}, "then": "$blockedUntil"},
                        {"case": {"$gt": [delay.clone(), 0_i64]}, "then": {"$add": [now, delay]}},
                    ],
                    "default": "$$REMOVE",
                }},
            }},
            doc! {"$set": {"expiresAt": {"$max": ["$expiresAt", "$blockedUntil"]}}},
            doc! {"$unset": "isOpen"},
        ];
        let before = self
            .collection
            .find_one_and_update(doc! {"_id": key}, update)
            .upsert(true)
            .return_document(ReturnDocument::Before)
            .await?;
        Ok(before.and_then(|throttle| throttle.wait(now)))
    }

    /// Forgets the tries of a key.
    pub async fn forget(&self, key: &str) -> Result<(), StoreError> {
        self.collection.delete_one(doc! {"_id": key}).await?;
        Ok(())
    }

    /// The owner has logged in from this device: its tries are forgotten and it is known from now on.
    pub async fn remember_device(&self, key: &str, now: Timestamp) -> Result<(), StoreError> {
        let update = doc! {
            "$set": {
                "tries": 0_i64,
                "isKnownDevice": true,
                "expiresAt": now.plus(DEVICE_MEMORY),
                "schemaVersion": SCHEMA_VERSION,
            },
            "$unset": {"blockedUntil": ""},
        };
        self.collection.update_one(doc! {"_id": key}, update).upsert(true).await?;
        Ok(())
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
