//! I1: the counters of every SKU against each other, and against the orders and reservations.

use anyhow::Result;
use bson::{Document, doc};
use serde::Deserialize;
use shared::{
    domain::{Timestamp, inventory::StockRecord},
    store::Store,
};

use super::{
    Check, joined,
    messages::OVERDUE_AFTER,
    snapshot::{Row, Snapshot},
};

/// The units of a SKU in all orders.
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

/// The reservations of a SKU.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reservations {
    #[serde(rename = "_id")]
    sku: String,
    /// Units reserved for orders that do not exist yet, or never will.
    units: i64,
    /// When the first one expires.
    expires_at: Timestamp,
}

impl Row for Reservations {
    type Key = String;

    fn key(&self) -> &String {
        &self.sku
    }
}

pub(super) async fn check(store: &Store, now: Timestamp) -> Result<Vec<Check>> {
    let mut counters = Check::new("I1", "a SKU's counters add up and none is negative");
    let mut orders = Check::new("I1", "a SKU's counters match its orders and reservations");
    let mut ended = Check::warning("I1", "a reservation ends within ten minutes after it expired");
    let mut snapshot = Snapshot::of(store).await?;
    let mut records = snapshot.find::<StockRecord>("inventory", doc! {}, "", "_id").await?;
    let mut ordered = snapshot.aggregate::<Ordered>("orders", units_per_sku()).await?;
    let mut reserved = snapshot.aggregate::<Reservations>("inventory", reserved_per_sku()).await?;
    let mut without_record = Vec::new();
    let stray = |without_record: &mut Vec<Ordered>, row: Ordered| {
        if row.reserved != 0 || row.shipped != 0 || row.returned != 0 {
            without_record.push(row);
        }
    };
    while let Some(record) = records.next(&mut snapshot).await? {
        let sku = record.sku.as_str().to_owned();
        let row = ordered.matching(&mut snapshot, &sku, |row| stray(&mut without_record, row)).await?;
        counters.record(&sku, joined(counter_violations(&record)));
        let reservations = reserved.matching(&mut snapshot, &sku, |_| ()).await?;
        let units = reservations.as_ref().map_or(0, |reservations| reservations.units);
        orders.record(&sku, joined(order_violations(&record, &row.unwrap_or_default(), units)));
        if let Some(reservations) = reservations {
            let overdue = now.since(reservations.expires_at);
            let violation = format!("{units} reserved units expired {} minutes ago", overdue.as_secs() / 60);
            ended.record(&sku, (overdue > OVERDUE_AFTER).then_some(violation));
        }
    }
    ordered.rest(&mut snapshot, |row| stray(&mut without_record, row)).await?;
    for row in without_record {
        orders.record(&row.sku, Some("orders contain it, but it has no stock record".to_owned()));
    }
    Ok(vec![counters, orders, ended])
}

fn counter_violations(record: &StockRecord) -> Vec<String> {
    let mut violations = Vec::new();
    for (name, count) in [
        ("onHand", record.on_hand),
        ("reserved", record.reserved),
        ("shipped", record.shipped),
        ("returned", record.returned),
    ] {
        if count < 0 {
            violations.push(format!("{name} is {count}"));
        }
    }
    if Some(record.available) != record.on_hand.checked_sub(record.reserved) {
        violations.push(format!(
            "available is {}, onHand − reserved is {} − {}",
            record.available, record.on_hand, record.reserved
        ));
    }
    let in_house = record.received.checked_sub(record.shipped).and_then(|rest| rest.checked_add(record.returned));
    if Some(record.on_hand) != in_house {
        let StockRecord { on_hand, received, shipped, returned, .. } = record;
        violations
            .push(format!("onHand is {on_hand}, received − shipped + returned is {received} − {shipped} + {returned}"));
    }
    if record.available < 0 && !record.policy.allow_backorder {
        violations.push(format!("available is {} without backorder", record.available));
    }
    violations
}

fn order_violations(record: &StockRecord, ordered: &Ordered, being_placed: i64) -> Vec<String> {
    let pairs = [
        ("reserved", record.reserved, ordered.reserved.saturating_add(being_placed)),
        ("shipped", record.shipped, ordered.shipped),
        ("returned", record.returned, ordered.returned),
    ];
    let differing = pairs.into_iter().filter(|(_, counted, ordered)| counted != ordered);
    differing
        .map(|(name, counted, ordered)| format!("{name} is {counted}, the orders and reservations add up to {ordered}"))
        .collect()
}

/// Per SKU: units that are reserved for orders that do not exist. The units of existing orders are counted by order.
fn reserved_per_sku() -> Vec<Document> {
    let has_no_order = doc! {"$not": {"$in": ["$$this.order", "$placed._id"]}};
    let waiting = doc! {"$filter": {"input": "$reservations", "cond": has_no_order}};
    let units = doc! {"$map": {"input": waiting, "in": "$$this.quantity"}};
    vec![
        doc! {"$match": {"reservations.0": {"$exists": true}}},
        doc! {"$lookup": {
            "from": "orders", "localField": "reservations.order", "foreignField": "_id", "as": "placed",
            "pipeline": [{"$project": {"_id": 1}}],
        }},
        doc! {"$project": {"expiresAt": {"$min": "$reservations.expiresAt"}, "units": {"$sum": units}}},
    ]
}

/// Per SKU: units that are reserved for orders, shipped, and received with returns.
fn units_per_sku() -> Vec<Document> {
    let is_open = doc! {"$in": ["$status", ["pending", "confirmed", "processing"]]};
    let is_shipped = doc! {"$gt": ["$$line.shippedAt", null]};
    let count_if = |condition: Document| doc! {"$cond": [condition, "$$line.quantity", 0]};
    let ordered_items = doc! {"$map": {"input": "$items", "as": "line", "in": {
        "sku": "$$line.sku",
        "reserved": count_if(doc! {"$and": [is_open, {"$not": [is_shipped.clone()]}]}),
        "shipped": count_if(is_shipped),
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
    let returned_items = doc! {"$reduce": {
        "input": received, "initialValue": [], "in": {"$concatArrays": ["$$value", units]},
    }};
    vec![
        doc! {"$project": {"lines": {"$concatArrays": [ordered_items, returned_items]}}},
        doc! {"$unwind": "$lines"},
        doc! {"$group": {
            "_id": "$lines.sku",
            "reserved": {"$sum": "$lines.reserved"},
            "shipped": {"$sum": "$lines.shipped"},
            "returned": {"$sum": "$lines.returned"},
        }},
    ]
}
