//! I2: every idempotency record of a checkout against its order.

use std::time::Duration;

use anyhow::Result;
use bson::doc;
use serde::Deserialize;
use shared::{
    domain::{Id, Timestamp, order::Order},
    store::{Store, idempotency},
};

use super::{
    Check,
    snapshot::{Row, Snapshot},
};

/// The tolerated difference between the creation of an order and of its record: the clocks of processes differ.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(3600);

/// The checked fields of an idempotency record.
#[derive(Debug, Deserialize)]
struct RecordFacts {
    #[serde(rename = "_id")]
    scope: String,
    answer: Answer,
}

#[derive(Debug, Deserialize)]
struct Answer {
    status: i32,
    body: String,
    location: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OrderFacts {
    #[serde(rename = "_id")]
    id: Id<Order>,
    created_at: Timestamp,
}

/// The checked fields of the body of an answer.
#[derive(Debug, Deserialize)]
struct AnswerBody {
    id: Id<Order>,
}

impl Row for OrderFacts {
    type Key = Id<Order>;

    fn key(&self) -> &Id<Order> {
        &self.id
    }
}

impl RecordFacts {
    /// The order of the answer.
    fn order(&self) -> Option<Id<Order>> {
        let located = self.answer.location.as_deref()?.strip_prefix("/v1/orders/")?.parse().ok()?;
        let body: AnswerBody = serde_json::from_str(&self.answer.body).ok()?;
        (body.id == located && self.answer.status == 201).then_some(located)
    }
}

pub(super) async fn check(store: &Store, now: Timestamp) -> Result<Vec<Check>> {
    let mut records = Check::new("I2", "the idempotency record of a checkout belongs to one order");
    let mut placed = Check::new("I2", "a new order has one idempotency record");
    let mut snapshot = Snapshot::of(store).await?;
    // Ids are hexadecimal, so the order of the locations is the order of the ids.
    let filter = doc! {"_id": {"$regex": r" \| place_order \| "}};
    let mut answers = snapshot.find::<RecordFacts>("idempotency", filter, "answer", "answer.location").await?;
    let mut orders = snapshot.find::<OrderFacts>("orders", doc! {}, "createdAt", "_id").await?;
    let retained_since = now.minus(idempotency::RETENTION.saturating_sub(CLOCK_TOLERANCE));
    let unanswered = |placed: &mut Check, order: &OrderFacts| {
        let violation = (order.created_at > retained_since).then(|| "it has no idempotency record".to_owned());
        placed.record(order.id, violation);
    };
    let mut last = None;
    while let Some(answer) = answers.next(&mut snapshot).await? {
        let Some(id) = answer.order() else {
            records.record(&answer.scope, Some(format!("its answer, {}, names no order", answer.answer.status)));
            continue;
        };
        if last == Some(id) {
            records.record(&answer.scope, Some(format!("the order {id} has another idempotency record too")));
            continue;
        }
        last = Some(id);
        let order = orders.matching(&mut snapshot, &id, |order| unanswered(&mut placed, &order)).await?;
        records.record(&answer.scope, order.is_none().then(|| format!("there is no order {id}")));
        if order.is_some() {
            placed.record(id, None);
        }
    }
    orders.rest(&mut snapshot, |order| unanswered(&mut placed, &order)).await?;
    Ok(vec![records, placed])
}
