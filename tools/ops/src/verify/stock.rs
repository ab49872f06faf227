//! I1: the counters of every SKU against each other, and against the orders.

use anyhow::Result;
use bson::{Document, doc};
use serde::Deserialize;
use shared::{
    domain::{Timestamp, inventory::StockRecord},
    store::Store,
};

use super::{
    Check, joined,
    messages::PATIENCE,
    snapshot::{Row, Snapshot},
};

/// What the orders say about a SKU.
#[derive(Clone, Debug, Default, Deserialize)]
struct Ordered {
    #[serde(rename = "_id")]
    sku: String,
    reserved: i64,
    shipped: i64,
    returned: i64,
}

impl Row for Ordered {
    type Key = String;

    fn key(&self) -> &String {
        &self.sku
    }
}

/// What is held of a SKU.
#[derive(Clone, Debug, Deserialize)]
struct OnHold {
    #[serde(rename = "_id")]
    sku: String,
    /// For orders that are not there yet, or never will be.
    units: i64,
    /// When the first note was to be gone.
    until: Timestamp,
}

impl Row for OnHold {
    type Key = String;

    fn key(&self) -> &String {
        &self.sku
    }
}

pub(super) async fn check(store: &Store, now: Timestamp) -> Result<Vec<Check>> {
    let mut counters = Check::new("I1", "a SKU's counters add up and none is negative");
    let mut orders = Check::new("I1", "a SKU's counters are what its orders say");
    let mut holds = Check::warning("I1", "a hold of stock ends within ten minutes after its time");
    let mut snapshot = Snapshot::of(store).await?;
    let mut records = snapshot.find::<StockRecord>("inventory", doc! {}, "", "_id").await?;
    let mut ordered = snapshot.aggregate::<Ordered>("orders", units_per_sku()).await?;
    let mut on_hold = snapshot.aggregate::<OnHold>("inventory", held_per_sku()).await?;
    let mut without_record = Vec::new();
    let stray = |without_record: &mut Vec<Ordered>, row: Ordered| {
        if row.reserved != 0 || row.shipped != 0 || row.returned != 0 {
            without_record.push(row);
        }
    };
    while let Some(record) = records.next(&mut snapshot).await? {
        let sku = record.sku.as_str().to_owned();
        let row = ordered.matching(&mut snapshot, &sku, |row| stray(&mut without_record, row)).await?;
        counters.note(&sku, joined(own_complaints(&record)));
        let held = on_hold.matching(&mut snapshot, &sku, |_| ()).await?;
        let units = held.as_ref().map_or(0, |held| held.units);
        orders.note(&sku, joined(complaints(&record, &row.unwrap_or_default(), units)));
        if let Some(held) = held {
            let overdue = now.since(held.until);
            let wrong = format!("{units} units are held since {} minutes too long", overdue.as_secs() / 60);
            holds.note(&sku, (overdue > PATIENCE).then_some(wrong));
        }
    }
    ordered.rest(&mut snapshot, |row| stray(&mut without_record, row)).await?;
    for row in without_record {
        orders.note(&row.sku, Some("orders have units of it, but it has no stock record".to_owned()));
    }
    Ok(vec![counters, orders, holds])
}

fn own_complaints(record: &StockRecord) -> Vec<String> {
    let mut complaints = Vec::new();
    for (name, count) in [
        ("onHand", record.on_hand),
        ("reserved", record.reserved),
        ("shipped", record.shipped),
        ("returned", record.returned),
    ] {
        if count < 0 {
            complaints.push(format!("{name} is {count}"));
        }
    }
    if Some(record.available) != record.on_hand.checked_sub(record.reserved) {
        complaints.push(format!(
            "available is {}, onHand − reserved is {} − {}",
            record.available, record.on_hand, record.reserved
        ));
    }
    let in_house = record.received.checked_sub(record.shipped).and_then(|rest| rest.checked_add(record.returned));
    if Some(record.on_hand) != in_house {
        let StockRecord { on_hand, received, shipped, returned, .. } = record;
        complaints
            .push(format!("onHand is {on_hand}, received − shipped + returned is {received} − {shipped} + {returned}"));
    }
    if record.available < 0 && !record.policy.allow_backorder {
        complaints.push(format!("available is {} without backorder", record.available));
    }
    complaints
}

fn complaints(record: &StockRecord, ordered: &Ordered, held: i64) -> Vec<String> {
    let pairs = [
        ("reserved", record.reserved, ordered.reserved.saturating_add(held)),
        ("shipped", record.shipped, ordered.shipped),
        ("returned", record.returned, ordered.returned),
    ];
    let differing = pairs.into_iter().filter(|(_, counted, ordered)| counted != ordered);
    differing
        .map(|(name, counted, ordered)| format!("{name} is {counted}, the orders and holds say {ordered}"))
        .collect()
}

/// Per SKU: units that are held for orders that are not there. Once an order is there, it speaks for itself.
fn held_per_sku() -> Vec<Document> {
    let has_no_order = doc! {"$not": {"$in": ["$$hold.order", "$placed._id"]}};
    let waiting = doc! {"$filter": {"input": "$holds", "as": "hold", "cond": has_no_order}};
    vec![
        doc! {"$match": {"holds.0": {"$exists": true}}},
        doc! {"$lookup": {
            "from": "orders", "localField": "holds.order", "foreignField": "_id", "as": "placed",
            "pipeline": [{"$project": {"_id": 1}}],
        }},
        doc! {"$project": {"until": {"$min": "$holds.until"}, "units": {"$sum": {"$map": {"input": waiting, "as": "hold", "in": "$$hold.quantity"}}}}},
    ]
}

/// Per SKU: units promised to orders that have not left, units that left, and units that arrived with returns.
fn units_per_sku() -> Vec<Document> {
    let holds = doc! {"$in": ["$status", ["pending", "confirmed", "processing"]]};
    let has_left = doc! {"$gt": ["$$line.shippedAt", null]};
    let count_if = |condition: Document| doc! {"$cond": [condition, "$$line.quantity", 0]};
    let sold = doc! {"$map": {"input": "$items", "as": "line", "in": {
        "sku": "$$line.sku",
        "reserved": count_if(doc! {"$and": [holds, {"$not": [has_left.clone()]}]}),
        "shipped": count_if(has_left),
        "returned": {"$literal": 0},
    }}};
    let received = doc! {"$filter": {
        "input": {"$ifNull": ["$returns", []]}, "as": "each", "cond": {"$eq": ["$$each.status", "received"]},
    }};
    let line_of_it = doc! {"$first": {"$filter": {"input": "$items", "as": "line", "cond": {"$eq": ["$$line.id", "$$back.itemId"]}}}};
    let units = doc! {"$map": {"input": "$$this.items", "as": "back", "in": {
        "sku": {"$let": {"vars": {"line": line_of_it}, "in": "$$line.sku"}},
        "reserved": {"$literal": 0},
        "shipped": {"$literal": 0},
        "returned": "$$back.quantity",
    }}};
    let came_back = doc! {"$reduce": {
        "input": received, "initialValue": [], "in": {"$concatArrays": ["$$value", units]},
    }};
    vec![
        doc! {"$project": {"lines": {"$concatArrays": [sold, came_back]}}},
        doc! {"$unwind": "$lines"},
        doc! {"$group": {
            "_id": "$lines.sku",
            "reserved": {"$sum": "$lines.reserved"},
            "shipped": {"$sum": "$lines.shipped"},
            "returned": {"$sum": "$lines.returned"},
        }},
    ]
}
