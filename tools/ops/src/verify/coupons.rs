//! I4: every coupon against its uses, and every use against its order.

use anyhow::Result;
use bson::doc;
use serde::Deserialize;
use shared::{
    domain::{
        Id,
        coupon::{Coupon, UsageLimit},
        order::{Order, OrderStatus},
    },
    store::Store,
};

use super::{
    Check, joined,
    snapshot::{Row, Snapshot},
    states::ended_unpaid,
};

/// A coupon, as far as it is checked.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CouponFacts {
    #[serde(rename = "_id")]
    id: Id<Coupon>,
    code: String,
    #[serde(default)]
    usage_limit: UsageLimit,
    usage_count: i64,
}

/// What its uses say.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Uses {
    #[serde(rename = "_id")]
    coupon: Option<Id<Coupon>>,
    count: i64,
    most_by_one: i64,
}

/// A use, as far as it is checked.
#[derive(Debug, Deserialize)]
struct UseFacts {
    #[serde(rename = "_id")]
    order: Id<Order>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OrderFacts {
    #[serde(rename = "_id")]
    id: Id<Order>,
    coupon_code: Option<String>,
    timeline: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    status: OrderStatus,
}

impl Row for Uses {
    type Key = Option<Id<Coupon>>;

    fn key(&self) -> &Self::Key {
        &self.coupon
    }
}

impl Row for UseFacts {
    type Key = Id<Order>;

    fn key(&self) -> &Id<Order> {
        &self.order
    }
}

pub(super) async fn check(store: &Store) -> Result<Vec<Check>> {
    Ok(vec![counts(store).await?, owners(store).await?])
}

async fn counts(store: &Store) -> Result<Check> {
    let mut check = Check::new("I4", "a coupon is used as often as it counts, and within its limits");
    let mut snapshot = Snapshot::of(store).await?;
    let fields = "code usageLimit usageCount";
    let mut coupons = snapshot.find::<CouponFacts>("coupons", doc! {}, fields, "_id").await?;
    // By account and by address: whoever used it as a guest is the same person with an account.
    let of_account = doc! {"$cond": [{"$eq": [{"$type": "$user"}, "objectId"]}, ["$user"], []]};
    let by_address = doc! {"$eq": [{"$type": "$_id.somebody"}, "string"]};
    let pipeline = vec![
        doc! {"$project": {"coupon": 1, "somebody": {"$concatArrays": [["$email"], of_account]}}},
        doc! {"$unwind": "$somebody"},
        doc! {"$group": {"_id": {"coupon": "$coupon", "somebody": "$somebody"}, "count": {"$sum": 1_i64}}},
        doc! {"$group": {
            "_id": "$_id.coupon",
            "count": {"$sum": {"$cond": [by_address, "$count", 0_i64]}},
            "mostByOne": {"$max": "$count"},
        }},
    ];
    let mut uses = snapshot.aggregate::<Uses>("couponUses", pipeline).await?;
    let mut strays = Vec::new();
    while let Some(coupon) = coupons.next(&mut snapshot).await? {
        let used = uses.matching(&mut snapshot, &Some(coupon.id), |stray| strays.push(stray)).await?;
        check.note(&coupon.code, joined(complaints(&coupon, &used.unwrap_or_default())));
    }
    uses.rest(&mut snapshot, |stray| strays.push(stray)).await?;
    for stray in strays {
        let id = stray.coupon.map_or_else(|| "a use".to_owned(), |id| id.to_string());
        check.note(id, Some(format!("it was used {} times, but there is no such coupon", stray.count)));
    }
    Ok(check)
}

fn complaints(coupon: &CouponFacts, used: &Uses) -> Vec<String> {
    let mut complaints = Vec::new();
    if coupon.usage_count != used.count {
        complaints.push(format!("it counts {} uses, there are {}", coupon.usage_count, used.count));
    }
    if coupon.usage_limit.total.is_some_and(|limit| used.count > limit) {
        complaints.push(format!("it was used {} times, its limit is {:?}", used.count, coupon.usage_limit.total));
    }
    if coupon.usage_limit.per_user.is_some_and(|limit| used.most_by_one > limit) {
        let limit = coupon.usage_limit.per_user;
        complaints.push(format!("somebody used it {} times, the limit for one is {limit:?}", used.most_by_one));
    }
    complaints
}

async fn owners(store: &Store) -> Result<Check> {
    let mut check = Check::new("I4", "an order has used its coupon, unless it ended unpaid");
    let mut snapshot = Snapshot::of(store).await?;
    let mut orders = snapshot.find::<OrderFacts>("orders", doc! {}, "couponCode timeline.status", "_id").await?;
    let mut uses = snapshot.find::<UseFacts>("couponUses", doc! {}, "_id", "_id").await?;
    let mut strays = Vec::new();
    while let Some(order) = orders.next(&mut snapshot).await? {
        let is_used = uses.matching(&mut snapshot, &order.id, |stray| strays.push(stray)).await?.is_some();
        let timeline: Vec<OrderStatus> = order.timeline.iter().map(|entry| entry.status).collect();
        let should_be = order.coupon_code.is_some() && !ended_unpaid(&timeline);
        let wrong = match (is_used, should_be) {
            (true, false) => Some("it holds the use of a coupon that is none of its own, or was to be given back"),
            (false, true) => Some("its coupon does not know that it was used"),
            _ => None,
        };
        check.note(order.id, wrong.map(str::to_owned));
    }
    uses.rest(&mut snapshot, |stray| strays.push(stray)).await?;
    for stray in strays {
        check.note(stray.order, Some("a coupon was used by this order, but there is no such order".to_owned()));
    }
    Ok(check)
}
