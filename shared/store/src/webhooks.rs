//! `webhooks`: what the gateway told us, kept so that a duplicate is recognised for longer than the gateway retries.

use std::time::Duration;

use mongodb::{Collection, Database};
use serde::{Deserialize, Serialize};

use super::{StoreError, Tx, WithSchema};
use shop_domain::{Idempotent, Timestamp};

/// Stripe retries for three days.
const REMEMBERED: Duration = Duration::from_secs(30 * 24 * 3600);

/// The collection `webhooks`.
#[derive(Clone, Debug)]
pub struct Webhooks {
    collection: Collection<WebhookEvent>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct WebhookEvent {
    #[serde(rename = "_id")]
    event_id: String,
    #[serde(rename = "type")]
    kind: String,
    received_at: Timestamp,
    expires_at: Timestamp,
}

impl Webhooks {
    pub(super) fn new(database: &Database) -> Self {
        Self { collection: database.collection("webhooks") }
    }

    /// Records an event of the gateway by its id.
    pub async fn record_in(
        &self,
        tx: &mut Tx,
        event_id: &str,
        kind: &str,
        now: Timestamp,
    ) -> Result<Idempotent, StoreError> {
        if self.collection.find_one(bson::doc! {"_id": event_id}).session(&mut tx.session).await?.is_some() {
            return Ok(Idempotent::AlreadyApplied);
        }
        let event = WebhookEvent {
            event_id: event_id.to_owned(),
            kind: kind.to_owned(),
            received_at: now,
            expires_at: now.plus(REMEMBERED),
        };
        self.collection.clone_with_type().insert_one(WithSchema::of(event)).session(&mut tx.session).await?;
        Ok(Idempotent::Executed)
    }
}
