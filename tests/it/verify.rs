//! `ops verify`: each rule is broken by hand, bypassing the validators, and the violation is reported.

use std::time::Duration;

use bson::{Bson, Document, doc};
use ops::verify::{Report, verify};
use serde_json::json;
use shared::{
    domain::{Id, Timestamp},
    store::{PoolSize, Store},
};
use tests::{Person, TestShop, cards, people::checkout_body};

/// A shop in which every collection that is checked holds something.
struct Sold {
    shop: TestShop,
    /// Paid and shipped, with a coupon.
    shipped: String,
    /// Paid, and being picked.
    picked: String,
    /// Paid, cancelled, and refunded.
    cancelled: String,
    mug: String,
}

async fn sold() -> Sold {
    let shop = TestShop::start().await;
    let (root, grace) = (shop.admin("root").await, shop.seller("grace").await);
    root.post("/v1/categories", json!({"name": "Kitchen"})).await.is(201);
    root.post("/v1/categories", json!({"name": "Mugs", "parent": "kitchen"})).await.is(201);
    let mug = shop.product_of(&grace, "MUG-1", json!({"category": "mugs", "inventory": {"quantity": 50}})).await;
    let tax = json!({"pricesIncludeTax": false, "rows": [{"country": "US", "rateBp": 725, "taxShipping": true}]});
    root.put("/v1/settings/tax", tax).await.is(200);
    let coupon = json!({"code": "ONCE", "type": "percentage", "value": 10, "usageLimit": {"total": 5, "perUser": 1}});
    root.post("/v1/coupons", coupon).await.is(201);
    let mut orders = Vec::new();
    let mut people: Vec<Person> = Vec::new();
    for (name, code) in [("ada", Some("ONCE")), ("bob", None), ("carol", None)] {
        let person = shop.customer(name).await;
        person.add_to_cart(&mug, 3).await.is(200);
        if let Some(code) = code {
            person.put("/v1/cart/coupon", json!({"code": code})).await.is(200);
        }
        orders.push(person.checkout_with("order", checkout_body(cards::GOOD)).await.is(201).id());
        people.push(person);
    }
    shop.deliver_everything().await;
    let tracking = json!({"carrier": "DHL", "trackingNumber": "JD014600003817"});
    grace.post(&format!("/v1/orders/{}/ship", orders[0]), tracking).await.is(200);
    let review = json!({"productId": mug, "rating": 4, "comment": "Holds tea."});
    let review = people[0].post("/v1/reviews", review).await.is(201).id();
    root.post(&format!("/v1/reviews/{review}/approve"), json!({})).await.is(200);
    people[2].request("POST", &format!("/v1/orders/{}/cancel", orders[2])).key("cancel").send().await.is(200);
    people[1].add_to_cart(&mug, 1).await.is(200);
    shop.deliver_everything().await;
    let [shipped, picked, cancelled] = orders.try_into().unwrap();
    Sold { shop, shipped, picked, cancelled, mug }
}

impl Sold {
    async fn report(&self) -> Report {
        verify(self.shop.store(), self.shop.clock.now()).await.unwrap()
    }

    /// Changes one document past its validator, sees that exactly this rule is named with this id, and mends it again.
    async fn breaks(&self, rule: &str, id: &str, collection: &str, filter: Document, update: Document) {
        let collection = self.shop.store().database().collection::<Document>(collection);
        let before = collection.find_one(filter.clone()).await.unwrap().expect("there is something to break");
        let changed = collection.update_one(filter, update).bypass_document_validation(true).await.unwrap();
        assert_eq!(changed.modified_count, 1, "{rule}: nothing was broken");
        self.names(rule, id).await;
        let whole = collection.replace_one(doc! {"_id": before.get("_id").unwrap()}, &before);
        whole.bypass_document_validation(true).await.unwrap();
    }

    /// Like [`Sold::breaks`], by taking a document away.
    async fn misses(&self, rule: &str, id: &str, collection: &str, filter: Document) {
        let collection = self.shop.store().database().collection::<Document>(collection);
        let before = collection.find_one_and_delete(filter).await.unwrap().expect("there is something to take away");
        self.names(rule, id).await;
        collection.insert_one(before).await.unwrap();
    }

    async fn names(&self, rule: &str, id: &str) {
        let report = self.report().await;
        let broken: Vec<_> = report.checks.iter().filter(|check| check.violations > 0).collect();
        let named = broken.iter().find(|check| check.rule.contains(rule));
        let named = named.unwrap_or_else(|| panic!("nothing says that {rule}:\n{report}"));
        assert!(named.named.iter().any(|violation| violation.id.contains(id)), "{id} is not named:\n{report}");
        assert_eq!(report.is_clean(), named.is_warning && broken.len() == 1, "{report}");
    }
}

fn id(text: &str) -> Bson {
    Bson::from(text.parse::<Id<()>>().unwrap())
}

#[tokio::test]
async fn a_shop_with_orders_satisfies_every_rule() {
    let sold = sold().await;
    let report = sold.report().await;
    assert!(report.is_clean(), "{report}");
    let looked_at_nothing: Vec<&str> =
        report.checks.iter().filter(|check| check.checked == 0).map(|check| check.rule).collect();
    // Everything was sent at once.
    let while_they_last =
        ["a reservation ends within ten minutes after it expired", "an enqueued message is sent within ten minutes"];
    assert_eq!(looked_at_nothing, while_they_last, "{report}");
    let invariants: Vec<&str> = report.checks.iter().map(|check| check.invariant).collect();
    for invariant in ["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I10"] {
        assert!(invariants.contains(&invariant), "{invariant} is not checked");
    }
}

#[tokio::test]
async fn stock_that_is_off_by_one_is_reported() {
    let sold = sold().await;
    let mug = || doc! {"_id": "MUG-1"};
    sold.breaks("counters add up", "MUG-1", "inventory", mug(), doc! {"$inc": {"onHand": 1_i64}}).await;
    sold.breaks("counters add up", "MUG-1", "inventory", mug(), doc! {"$inc": {"available": -1_i64}}).await;
    let oversold = doc! {"$inc": {"reserved": 90_i64, "available": -90_i64}};
    sold.breaks("counters add up", "MUG-1", "inventory", mug(), oversold).await;
    let reserved = doc! {"$inc": {"reserved": 1_i64, "available": -1_i64}};
    sold.breaks("counters match its orders", "MUG-1", "inventory", mug(), reserved).await;
    let left = doc! {"$inc": {"shipped": 1_i64, "received": 1_i64}};
    sold.breaks("counters match its orders", "MUG-1", "inventory", mug(), left).await;
    let back = doc! {"$inc": {"returned": 1_i64, "received": -1_i64}};
    sold.breaks("counters match its orders", "MUG-1", "inventory", mug(), back).await;
    sold.misses("counters match its orders", "MUG-1", "inventory", mug()).await;
}

#[tokio::test]
async fn answers_without_orders_and_orders_without_answers_are_reported() {
    let sold = sold().await;
    let answer = || doc! {"answer.location": format!("/v1/orders/{}", sold.picked)};
    sold.misses("a new order has one idempotency record", &sold.picked, "idempotency", answer()).await;
    let elsewhere = doc! {"$set": {"answer.location": format!("/v1/orders/{}", Id::<()>::new())}};
    sold.breaks("the idempotency record of a checkout", "place_order", "idempotency", answer(), elsewhere).await;
    let records = sold.shop.store().database().collection::<Document>("idempotency");
    let mut twin = records.find_one(answer()).await.unwrap().unwrap();
    twin.insert("_id", "user x | place_order | twin");
    records.insert_one(&twin).await.unwrap();
    sold.names("the idempotency record of a checkout", "place_order").await;
}

#[tokio::test]
async fn money_that_does_not_add_up_is_reported() {
    let sold = sold().await;
    let payment = sold.shop.payment_of(&sold.cancelled).await.id.to_string();
    let of = |order: &str| doc! {"order": id(order)};
    let charged = doc! {"$inc": {"captured": 1_i64}};
    sold.breaks("no charge exceeds its total", &payment, "payments", of(&sold.cancelled), charged).await;
    let generous = doc! {"$inc": {"refunds.0.amount": 1_i64}};
    sold.breaks("no charge exceeds its total", &payment, "payments", of(&sold.cancelled), generous).await;
    let unpaid = doc! {"$set": {"status": "completed"}};
    sold.breaks("no charge exceeds its total", &payment, "payments", of(&sold.cancelled), unpaid).await;
    let now = sold.shop.clock.now();
    let authorised = doc! {"authorised": {"amount": 1_i64, "until": now, "multicapture": true}};
    let beyond = doc! {"$set": authorised};
    sold.breaks("no charge exceeds its total", &payment, "payments", of(&sold.cancelled), beyond).await;
    let capture = doc! {
        "id": Id::<()>::new(), "amount": 1_i64, "status": "captured", "madeAt": "shop", "attempts": 1_i64, "requestedAt": now,
    };
    let captured = doc! {"$set": {"captures": [capture]}};
    sold.breaks("no charge exceeds its total", &payment, "payments", of(&sold.cancelled), captured).await;
    let dearer = doc! {"$inc": {"amount": 1_i64}};
    sold.breaks("its one payment agree", &sold.picked, "payments", of(&sold.picked), dearer).await;
    let without_user = doc! {"$set": {"order": Id::<()>::new()}};
    sold.breaks("its one payment agree", &sold.picked, "payments", of(&sold.picked), without_user).await;
    sold.misses("its one payment agree", &sold.shipped, "payments", of(&sold.shipped)).await;
    let failed = doc! {"$set": {"status": "failed"}};
    sold.breaks("its one payment agree", &sold.shipped, "payments", of(&sold.shipped), failed).await;

    let kept = doc! {"$set": {"refunds": [], "status": "completed"}, "$pop": {"timeline": 1}};
    let payments = sold.shop.store().database().collection::<Document>("payments");
    payments.update_one(of(&sold.cancelled), kept).bypass_document_validation(true).await.unwrap();
    assert!(sold.report().await.is_clean(), "a refund may be in progress");
    sold.shop.clock.advance(Duration::from_secs(16 * 60));
    sold.names("is being refunded", &sold.cancelled).await;
}

#[tokio::test]
async fn totals_that_differ_from_a_recomputation_are_reported() {
    let sold = sold().await;
    let rule = "totals re-compute";
    let fields = [
        "pricing.total",
        "pricing.subtotal",
        "pricing.discount",
        "pricing.tax",
        "items.0.price",
        "items.0.subtotal",
        "items.0.discount",
        "items.0.tax",
        "items.0.total",
        "taxes.0.tax",
        "discount.amount",
    ];
    for field in fields {
        let order = doc! {"_id": id(&sold.shipped)};
        sold.breaks(rule, &sold.shipped, "orders", order, doc! {"$inc": {field: 1_i64}}).await;
    }
    // The sums still add up, but the tax is not what the rate makes it.
    let generous = doc! {"$inc": {
        "items.0.tax": 5_i64, "items.0.total": 5_i64, "taxes.0.tax": 5_i64, "pricing.tax": 5_i64, "pricing.total": 5_i64,
    }};
    sold.breaks(rule, &sold.shipped, "orders", doc! {"_id": id(&sold.shipped)}, generous).await;
}

#[tokio::test]
async fn states_that_the_timeline_never_reached_are_reported() {
    let sold = sold().await;
    let order = |order: &str| doc! {"_id": id(order)};
    let jump = doc! {"$set": {"timeline.1.status": "pending"}};
    sold.breaks("an order's timeline", &sold.shipped, "orders", order(&sold.shipped), jump).await;
    let elsewhere = doc! {"$set": {"status": "delivered"}};
    sold.breaks("an order's timeline", &sold.shipped, "orders", order(&sold.shipped), elsewhere).await;
    let payment = sold.shop.payment_of(&sold.picked).await.id.to_string();
    let jump = doc! {"$set": {"timeline.1.status": "pending"}};
    sold.breaks("a payment's timeline", &payment, "payments", doc! {"order": id(&sold.picked)}, jump).await;
    let still_here = doc! {"$unset": {"items.0.shippedAt": ""}};
    sold.breaks("lines are shipped and returned", &sold.shipped, "orders", order(&sold.shipped), still_here).await;
    let lost = doc! {"$unset": {"shipments": "", "tracking": ""}};
    sold.breaks("lines are shipped and returned", &sold.shipped, "orders", order(&sold.shipped), lost).await;
    let arrived = doc! {"$currentDate": {"shipments.0.deliveredAt": true}};
    sold.breaks("lines are shipped and returned", &sold.shipped, "orders", order(&sold.shipped), arrived).await;
    let back = doc! {"$set": {"items.0.returned": 1_i64}};
    sold.breaks("lines are shipped and returned", &sold.shipped, "orders", order(&sold.shipped), back).await;
    let end = doc! {"status": "refunded", "timestamp": sold.shop.clock.now(), "note": "returned in full and refunded"};
    let refunded = doc! {"$set": {"status": "refunded"}, "$push": {"timeline": end}};
    sold.breaks("lines are shipped and returned", &sold.shipped, "orders", order(&sold.shipped), refunded).await;
}

#[tokio::test]
async fn a_return_without_a_matching_refund_is_reported() {
    let sold = sold().await;
    let (shop, order) = (&sold.shop, &sold.shipped);
    let root = shop.admin("returns").await;
    let line = shop.find_order(order).await.items[0].id;
    let wanted = json!({"items": [{"itemId": line, "quantity": 1}], "reason": "One is enough."});
    let asked = root.request("POST", &format!("/v1/orders/{order}/returns")).key("back").json(wanted).send().await;
    let returned = asked.is(201).id();
    for verb in ["approve", "receive"] {
        root.request("POST", &format!("/v1/returns/{returned}/{verb}")).send().await.is(200);
    }
    shop.deliver_everything().await;
    shop.verify().await;
    for change in [doc! {"$inc": {"returns.0.refund": 1_i64}}, doc! {"$unset": {"returns.0.refundId": ""}}] {
        sold.breaks("an order and its one payment agree", order, "orders", doc! {"_id": id(order)}, change).await;
    }
}

#[tokio::test]
async fn coupons_redeemed_too_often_or_never_are_reported() {
    let sold = sold().await;
    let once = || doc! {"code": "ONCE"};
    sold.breaks("a coupon counts its redemptions", "ONCE", "coupons", once(), doc! {"$inc": {"usageCount": 1_i64}})
        .await;
    let stricter = doc! {"$set": {"usageLimit.perUser": 0_i64}};
    sold.breaks("a coupon counts its redemptions", "ONCE", "coupons", once(), stricter).await;
    let stricter = doc! {"$set": {"usageLimit.total": 0_i64}};
    sold.breaks("a coupon counts its redemptions", "ONCE", "coupons", once(), stricter).await;
    sold.misses("an order has redeemed its coupon", &sold.shipped, "couponUses", doc! {"_id": id(&sold.shipped)}).await;
    let uses = sold.shop.store().database().collection::<Document>("couponUses");
    let mut second = uses.find_one(doc! {}).await.unwrap().unwrap();
    second.insert("_id", id(&sold.picked));
    uses.insert_one(&second).await.unwrap();
    sold.names("an order has redeemed its coupon", &sold.picked).await;
    // The same person, once with the account and once as a guest with its address.
    uses.update_one(doc! {"_id": id(&sold.picked)}, doc! {"$unset": {"user": ""}}).await.unwrap();
    let coupons = sold.shop.store().database().collection::<Document>("coupons");
    coupons.update_one(once(), doc! {"$set": {"usageCount": 2_i64}}).await.unwrap();
    let order = doc! {"$set": {"couponCode": "ONCE"}};
    sold.breaks("a coupon counts its redemptions", "ONCE", "orders", doc! {"_id": id(&sold.picked)}, order).await;
}

#[tokio::test]
async fn secrets_in_clear_are_counted_and_not_printed() {
    let sold = sold().await;
    let rule = "passwords, tokens, cards and sealed fields are not stored in clear";
    for (collection, field, clear) in [
        ("users", "password", "correct-horse-battery"),
        ("payments", "source", "4242 4242 4242 4242"),
        ("payments", "source", "4242424242424242"),
        ("payments", "gatewayAnswer", r#"{"charge":"ch_1"}"#),
    ] {
        let update = doc! {"$set": {field: clear}};
        sold.breaks(rule, &format!("{collection}.{field}"), collection, doc! {field: {"$exists": true}}, update).await;
    }
    let sessions = sold.shop.store().database().collection::<Document>("sessions");
    let session = doc! {"tokenHash": "a refresh token and not its hash"};
    sessions.insert_one(session).bypass_document_validation(true).await.unwrap();
    sold.names(rule, "sessions.tokenHash").await;
    assert!(!sold.report().await.to_string().contains("refresh"));
}

#[tokio::test]
async fn derived_figures_that_differ_from_a_recount_are_reported() {
    let sold = sold().await;
    let mug = || doc! {"_id": id(&sold.mug)};
    sold.breaks("rating is that of", &sold.mug, "products", mug(), doc! {"$inc": {"ratings.sum": 1_i64}}).await;
    sold.breaks("rating is that of", &sold.mug, "products", mug(), doc! {"$set": {"ratings.average": 4.5}}).await;
    sold.breaks("units that were shipped", &sold.mug, "products", mug(), doc! {"$inc": {"totalSold": 1_i64}}).await;
    let policy = doc! {"$set": {"lowStockThreshold": 99_i64}};
    sold.breaks("its product's policy", &sold.mug, "inventory", doc! {"_id": "MUG-1"}, policy).await;
    sold.breaks("a product's category path", &sold.mug, "products", mug(), doc! {"$pop": {"categoryPath": 1}}).await;
    let mugs = || doc! {"slug": "mugs"};
    let count = doc! {"$inc": {"productCount": 1_i64}};
    sold.breaks("counts its published products", "kitchen/mugs", "categories", mugs(), count).await;
    let path = doc! {"$set": {"path": "mugs"}};
    sold.breaks("a category's path", "mugs", "categories", mugs(), path).await;
    let level = doc! {"$set": {"level": 0}};
    sold.breaks("a category's path", "mugs", "categories", mugs(), level).await;
    let uprooted = doc! {"$set": {"parent": Id::<()>::new()}};
    sold.breaks("a category's path", "mugs", "categories", mugs(), uprooted).await;
}

#[tokio::test]
async fn a_message_that_is_never_sent_is_a_warning() {
    let sold = sold().await;
    let message = sold.shop.outbox().await.remove(0).id.to_string();
    let filter = || doc! {"_id": id(&message)};
    let outbox = sold.shop.store().database().collection::<Document>("outbox");
    outbox.update_one(filter(), doc! {"$unset": {"sentAt": ""}}).await.unwrap();
    assert!(sold.report().await.checks.iter().all(|check| check.violations == 0), "the relay may be about to send it");
    let old = Timestamp::from_millis(sold.shop.clock.now().as_millis() - 11 * 60 * 1000);
    sold.breaks("sent within ten minutes", &message, "outbox", filter(), doc! {"$set": {"createdAt": old}}).await;
}

#[tokio::test]
async fn a_reservation_that_never_ends_is_reported() {
    let sold = sold().await;
    let reservation = |minutes_ago: i64| {
        let expires_at = Timestamp::from_millis(sold.shop.clock.now().as_millis() - minutes_ago * 60 * 1000);
        let (order, cart) = (Id::<()>::new(), Id::<()>::new());
        let reservation =
            doc! {"order": order, "cart": cart, "cartVersion": 1_i64, "quantity": 2_i64, "expiresAt": expires_at};
        doc! {"$inc": {"reserved": 2_i64, "available": -2_i64}, "$push": {"reservations": reservation}}
    };
    let stock = sold.shop.store().database().collection::<Document>("inventory");
    stock.update_one(doc! {"_id": "MUG-1"}, reservation(9)).await.unwrap();
    assert!(sold.report().await.checks.iter().all(|check| check.violations == 0), "maintenance may be about to end it");
    sold.breaks("a reservation ends", "MUG-1", "inventory", doc! {"_id": "MUG-1"}, reservation(11)).await;
}

#[tokio::test]
async fn a_second_open_cart_is_reported() {
    // The unique index does not allow it, so this database has none.
    let place = tests::place::Place::take().await;
    let name = format!("test_without_indexes_{}", std::process::id());
    let store = Store::connect(&place.components.mongodb_uri, &name, "tests", PoolSize::LOCAL).await.unwrap();
    let carts = store.database().collection::<Document>("carts");
    let (ada, guest) = (Id::<()>::new(), "a".repeat(64));
    let second = Id::<()>::new();
    let owned = [
        doc! {"user": ada, "status": "active"},
        doc! {"_id": second, "user": ada, "status": "abandoned"},
        doc! {"user": ada, "status": "converted"},
        doc! {"user": Id::<()>::new(), "status": "active"},
        doc! {"sessionId": &guest, "status": "active"},
        doc! {"sessionId": &guest, "status": "converted"},
    ];
    carts.insert_many(owned).await.unwrap();
    let report = verify(&store, Timestamp::from_millis(0)).await.unwrap();
    store.database().drop().await.unwrap();
    let carts = report.checks.iter().find(|check| check.rule.contains("one open cart")).unwrap();
    assert_eq!((carts.checked, carts.violations), (4, 1), "{report}");
}
