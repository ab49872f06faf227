//! I2: every kept answer to a checkout against its order.

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

/// An answer may expire this much before its order is as old: the clocks of processes differ.
const MARGIN: Duration = Duration::from_secs(3600);

/// A kept answer, as far as it is checked.
#[derive(Debug, Deserialize)]
struct AnswerFacts {
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

/// What the body of an answer says.
#[derive(Debug, Deserialize)]
struct Told {
    id: Id<Order>,
}

impl Row for OrderFacts {
    type Key = Id<Order>;

    fn key(&self) -> &Id<Order> {
        &self.id
    }
}

impl AnswerFacts {
    /// The order that the client was told of.
    fn order(&self) -> Option<Id<Order>> {
        let located = self.answer.location.as_deref()?.strip_prefix("/v1/orders/")?.parse().ok()?;
        let told: Told = serde_json::from_str(&self.answer.body).ok()?;
        (told.id == located && self.answer.status == 201).then_some(located)
    }
}

pub(super) async fn check(store: &Store, now: Timestamp) -> Result<Vec<Check>> {
    let mut kept = Check::new("I2", "an answered checkout is one order");
    let mut placed = Check::new("I2", "a new order is one answered checkout");
    let mut snapshot = Snapshot::of(store).await?;
    // Ids are written in hex, so texts that hold them stand in the order of the ids.
    let filter = doc! {"_id": {"$regex": r" \| place_order \| "}};
    let mut answers = snapshot.find::<AnswerFacts>("idempotency", filter, "answer", "answer.location").await?;
    let mut orders = snapshot.find::<OrderFacts>("orders", doc! {}, "createdAt", "_id").await?;
    let remembered = now.minus(idempotency::RETENTION.saturating_sub(MARGIN));
    let unanswered = |placed: &mut Check, order: &OrderFacts| {
        let wrong = (order.created_at > remembered).then(|| "no checkout was answered with it".to_owned());
        placed.note(order.id, wrong);
    };
    let mut last = None;
    while let Some(answer) = answers.next(&mut snapshot).await? {
        let Some(id) = answer.order() else {
            kept.note(&answer.scope, Some(format!("its answer, {}, tells of no order", answer.answer.status)));
            continue;
        };
        if last == Some(id) {
            kept.note(&answer.scope, Some(format!("the order {id} is the answer to another request too")));
            continue;
        }
        last = Some(id);
        let order = orders.matching(&mut snapshot, &id, |order| unanswered(&mut placed, &order)).await?;
        kept.note(&answer.scope, order.is_none().then(|| format!("there is no order {id}")));
        if order.is_some() {
            placed.note(id, None);
        }
    }
    orders.rest(&mut snapshot, |order| unanswered(&mut placed, &order)).await?;
    Ok(vec![kept, placed])
}
