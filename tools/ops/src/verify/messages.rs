//! I7: every enqueued message is sent.

use std::time::Duration;

use anyhow::Result;
use bson::doc;
use serde::Deserialize;
use shared::{
    domain::{Id, Timestamp, message::Message},
    store::Store,
};

use super::{Check, snapshot::Snapshot};

/// The relay runs every minute: a message that is unsent for this long needs attention.
pub(super) const OVERDUE_AFTER: Duration = Duration::from_secs(10 * 60);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Unsent {
    #[serde(rename = "_id")]
    id: Id<Message>,
    queue: String,
    created_at: Timestamp,
}

pub(super) async fn check(store: &Store, now: Timestamp) -> Result<Vec<Check>> {
    let mut check = Check::warning("I7", "an enqueued message is sent within ten minutes");
    let mut snapshot = Snapshot::of(store).await?;
    let unsent = doc! {"sentAt": {"$exists": false}};
    let mut unsent = snapshot.find::<Unsent>("outbox", unsent, "queue createdAt", "createdAt").await?;
    while let Some(message) = unsent.next(&mut snapshot).await? {
        let age = now.since(message.created_at);
        let violation =
            (age > OVERDUE_AFTER).then(|| format!("waits for {} since {} minutes", message.queue, age.as_secs() / 60));
        check.record(message.id, violation);
    }
    Ok(vec![check])
}
