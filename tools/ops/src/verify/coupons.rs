//! I4: every coupon against its redemptions, and every redemption against its order.

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

/// The checked fields of a coupon.
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

/// The redemptions of a coupon.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Redemptions {
    #[serde(rename = "_id")]
    coupon: Option<Id<Coupon>>,
    count: i64,
    /// The most redemptions of one customer.
    most_per_customer: i64,
}

/// The checked fields of a redemption.
#[derive(Debug, Deserialize)]
struct RedemptionFacts {
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

impl Row for Redemptions {
    type Key = Option<Id<Coupon>>;

    fn key(&self) -> &Self::Key {
        &self.coupon
    }
}

impl Row for RedemptionFacts {
    type Key = Id<Order>;

    fn key(&self) -> &Id<Order> {
        &self.order
    }
}

pub(super) async fn check(store: &Store) -> Result<Vec<Check>> {
    Ok(vec![counts(store).await?, owners(store).await?])
}

async fn counts(store: &Store) -> Result<Check> {
    let mut check = Check::new("I4", "a coupon counts its redemptions, and keeps its limits");
    let mut snapshot = Snapshot::of(store).await?;
    let fields = "code usageLimit usageCount";
    let mut coupons = snapshot.find::<CouponFacts>("coupons", doc! {}, fields, "_id").await?;
    // By account and by address: a guest and an account with the same address are the same customer.
    let of_account = doc! {"$cond": [{"$eq": [{"$type": "$user"}, "objectId"]}, ["$user"], []]};
    let by_address = doc! {"$eq": [{"$type": "$_id.customer"}, "string"]};
    let pipeline = vec![
        doc! {"$project": {"coupon": 1, "customer": {"$concatArrays": [["$email"], of_account]}}},
        doc! {"$unwind": "$customer"},
        doc! {"$group": {"_id": {"coupon": "$coupon", "customer": "$customer"}, "count": {"$sum": 1_i64}}},
        doc! {"$group": {
            "_id": "$_id.coupon",
            "count": {"$sum": {"$cond": [by_address, "$count", 0_i64]}},
            "mostPerCustomer": {"$max": "$count"},
        }},
    ];
    let mut redemptions = snapshot.aggregate::<Redemptions>("couponUses", pipeline).await?;
    let mut unmatched_rows = Vec::new();
    while let Some(coupon) = coupons.next(&mut snapshot).await? {
        let redeemed =
            redemptions.matching(&mut snapshot, &Some(coupon.id), |unmatched| unmatched_rows.push(unmatched)).await?;
        check.record(&coupon.code, joined(coupon_violations(&coupon, &redeemed.unwrap_or_default())));
    }
    redemptions.rest(&mut snapshot, |unmatched| unmatched_rows.push(unmatched)).await?;
    for unmatched in unmatched_rows {
        let id = unmatched.coupon.map_or_else(|| "a redemption".to_owned(), |id| id.to_string());
        check.record(id, Some(format!("it was redeemed {} times, but there is no such coupon", unmatched.count)));
    }
    Ok(check)
}

fn coupon_violations(coupon: &CouponFacts, redeemed: &Redemptions) -> Vec<String> {
    let mut violations = Vec::new();
    if coupon.usage_count != redeemed.count {
        violations.push(format!("it counts {} redemptions, there are {}", coupon.usage_count, redeemed.count));
    }
    if coupon.usage_limit.total.is_some_and(|limit| redeemed.count > limit) {
        violations
            .push(format!("it was redeemed {} times, its limit is {:?}", redeemed.count, coupon.usage_limit.total));
    }
    if coupon.usage_limit.per_user.is_some_and(|limit| redeemed.most_per_customer > limit) {
        let limit = coupon.usage_limit.per_user;
        violations.push(format!(
            "one customer redeemed it {} times, the limit per customer is {limit:?}",
            redeemed.most_per_customer
        ));
    }
    violations
}

async fn owners(store: &Store) -> Result<Check> {
    let mut check = Check::new("I4", "an order has redeemed its coupon, unless it ended unpaid");
    let mut snapshot = Snapshot::of(store).await?;
    let mut orders = snapshot.find::<OrderFacts>("orders", doc! {}, "couponCode timeline.status", "_id").await?;
    let mut redemptions = snapshot.find::<RedemptionFacts>("couponUses", doc! {}, "_id", "_id").await?;
    let mut unmatched_rows = Vec::new();
    while let Some(order) = orders.next(&mut snapshot).await? {
        let is_redeemed =
            redemptions.matching(&mut snapshot, &order.id, |unmatched| unmatched_rows.push(unmatched)).await?.is_some();
        let timeline: Vec<OrderStatus> = order.timeline.iter().map(|entry| entry.status).collect();
        let should_be = order.coupon_code.is_some() && !ended_unpaid(&timeline);
        let violation = match (is_redeemed, should_be) {
            (true, false) => Some("it has a redemption, but no coupon, or one that was to be restored"),
            (false, true) => Some("its coupon has no redemption of it"),
            _ => None,
        };
        check.record(order.id, violation.map(str::to_owned));
    }
    redemptions.rest(&mut snapshot, |unmatched| unmatched_rows.push(unmatched)).await?;
    for unmatched in unmatched_rows {
        check.record(
            unmatched.order,
            Some("a coupon was redeemed by this order, but there is no such order".to_owned()),
        );
    }
    Ok(check)
}
