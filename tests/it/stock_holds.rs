//! Stock that is held for orders being placed: whoever dies meanwhile, it is the order's or it is free, once.

use std::time::Duration;

use shared::{
    domain::{Id, Quantity, Sku, Timestamp, message::Event, order::Order, secret_hash::sha256_hex},
    store::{
        StoreError,
        idempotency::{Answer, Claim, Claimed, LEASE},
        inventory::holds::{Held, Holder},
    },
    transaction,
};
use tests::{OwnMongodb, TestShop};

const TWO: i64 = 2;

fn mug() -> Sku {
    Sku::try_new("MUG-1").unwrap()
}

fn two() -> Quantity {
    Quantity::try_new(TWO).unwrap()
}

async fn claim(shop: &TestShop, key: &str, now: Timestamp) -> Claim {
    match shop
        .store()
        .idempotency
        .claim(&format!("user 1 | place_order | {key}"), &sha256_hex("request"), now)
        .await
        .unwrap()
    {
        Claimed::Yes(claim) => claim,
        other => panic!("{other:?}"),
    }
}

/// Somebody who is about to place an order.
async fn holder(shop: &TestShop, key: &str) -> Holder {
    let now = shop.clock.now();
    Holder { order: Id::<Order>::new(), claim: claim(shop, key, now).await, until: now.plus(LEASE) }
}

async fn take(shop: &TestShop, holder: &Holder) -> Held {
    let held = shop.store().inventory.hold(&mug(), two(), holder).await.unwrap();
    // A hold waits for no majority, but maintenance, which comes a minute later, sees only what a majority has.
    shop.customer("passer-by").await;
    held
}

/// What is reserved, and what can still be had.
async fn stock(shop: &TestShop) -> (i64, i64) {
    let record = shop.stock_of("MUG-1").await;
    (record.reserved, record.available)
}

#[tokio::test]
async fn units_are_held_once_for_an_order_and_given_back_once() {
    let shop = TestShop::start().await;
    shop.stock("MUG-1", 5).await;
    let ada = holder(&shop, "ada").await;
    let before = shop.stock_of("MUG-1").await;
    assert!(matches!(take(&shop, &ada).await, Held::Taken(record) if record.available == 3));
    assert!(matches!(take(&shop, &ada).await, Held::Already));
    assert_eq!(stock(&shop).await, (TWO, 3));
    shop.verify().await;
    for _ in 0..2 {
        shop.store().inventory.let_go(&mug(), two(), ada.order).await.unwrap();
        assert_eq!(shop.stock_of("MUG-1").await, before);
    }
    shop.verify().await;
}

#[tokio::test]
async fn a_refusal_says_whether_something_may_come_back() {
    let shop = TestShop::start().await;
    shop.stock("MUG-1", 3).await;
    let (ada, bob) = (holder(&shop, "ada").await, holder(&shop, "bob").await);
    assert!(matches!(take(&shop, &ada).await, Held::Taken(_)));
    assert!(matches!(take(&shop, &bob).await, Held::Short { available: 1, may_change: true }));
    shop.store().inventory.settle_hold([&mug()], ada.order, shop.clock.now()).await.unwrap();
    assert!(matches!(take(&shop, &bob).await, Held::Short { available: 1, may_change: false }));
}

#[tokio::test]
async fn who_wants_what_is_held_for_another_order_waits_for_it_with_empty_hands() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", TWO).await;
    let pot = shop.stock("POT-1", TWO).await;
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, TWO).await.is(200);
    ada.add_to_cart(&pot, TWO).await.is(200);
    let other = holder(&shop, "other").await;
    assert!(matches!(take(&shop, &other).await, Held::Taken(_)));
    let giving_back = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(held_for(&shop, "POT-1").await, None);
        shop.store().inventory.let_go(&self::mug(), two(), other.order).await.unwrap();
    };
    let (placed, ()) = futures::join!(ada.checkout("order"), giving_back);
    placed.is(201);
    assert_eq!(stock(&shop).await, (TWO, 0));
    shop.verify().await;
}

#[tokio::test]
async fn who_waits_in_vain_for_what_may_come_back_is_told_to_come_back_and_not_that_it_is_sold_out() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", TWO).await;
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, TWO).await.is(200);
    let dead = holder(&shop, "dead").await;
    assert!(matches!(take(&shop, &dead).await, Held::Taken(_)));
    let busy = ada.checkout("order").await;
    assert!(busy.is_problem(503, "busy").header("retry-after").is_some());
    shop.clock.advance(LEASE);
    assert_eq!(shop.run_maintenance().await.recovered, 1);
    ada.checkout("order").await.is(201);
}

#[tokio::test]
async fn what_a_dead_process_held_is_freed_when_its_claim_has_run_out_and_told_if_it_is_low() {
    let shop = TestShop::start().await;
    shop.stock("MUG-1", 9).await;
    let (dead, alive) = (holder(&shop, "dead").await, holder(&shop, "alive").await);
    assert!(matches!(take(&shop, &dead).await, Held::Taken(_)));
    shop.clock.advance(LEASE / 2);
    let alive = Holder { until: shop.clock.now().plus(LEASE), ..alive };
    assert!(matches!(take(&shop, &alive).await, Held::Taken(_)));
    assert_eq!(shop.run_maintenance().await.recovered, 0);
    shop.clock.advance(LEASE / 2);
    assert_eq!(shop.run_maintenance().await.recovered, 1);
    assert_eq!(stock(&shop).await, (TWO, 7));
    assert_eq!(shop.promised("email.lowStock").await.len(), 1);
    shop.verify().await;
    assert_eq!(shop.run_maintenance().await.recovered, 0);
}

#[tokio::test]
async fn a_slow_process_places_no_order_upon_stock_that_was_taken_from_it() {
    let shop = TestShop::start().await;
    shop.stock("MUG-1", 5).await;
    let slow = holder(&shop, "slow").await;
    assert!(matches!(take(&shop, &slow).await, Held::Taken(_)));
    let store = shop.store();
    let answer = Answer { status: 201, body: "{}".to_owned(), location: None };
    let message = Event::EmailLowStock { sku: mug() }.now(shop.clock.now());
    let mut attempts = 0;
    let lost = transaction!(store, |tx| {
        attempts += 1;
        store.outbox.promise(tx, &message).await?;
        store.inventory.hold(&mug(), two(), &slow).await?;
        if attempts == 1 {
            // The moment between its hold and its commit is long enough for everybody else.
            shop.clock.advance(LEASE);
            assert_eq!(shop.run_maintenance().await.recovered, 1);
        }
        store.idempotency.complete_in(tx, &slow.claim, &answer).await
    });
    assert!(matches!(lost, Err(StoreError::LostClaim)), "{lost:?}");
    store.inventory.let_go(&mug(), two(), slow.order).await.unwrap();
    assert_eq!(stock(&shop).await, (0, 5));
    shop.verify().await;
}

#[tokio::test]
async fn what_an_order_has_stays_its_own_when_the_note_is_left_behind() {
    let shop = TestShop::start().await;
    let product = shop.stock("MUG-1", 5).await;
    let order = shop.customer("ada").await.order(&product, TWO).await.is(201).id();
    let note = Holder { order: order.parse().unwrap(), ..holder(&shop, "note").await };
    let entry = bson::doc! {
        "order": note.order, "quantity": TWO, "until": note.until,
        "claim": &note.claim,
    };
    let records = shop.store().database().collection::<bson::Document>("inventory");
    records.update_one(bson::doc! {"_id": "MUG-1"}, bson::doc! {"$push": {"holds": entry}}).await.unwrap();
    shop.verify().await;
    shop.clock.advance(LEASE);
    assert_eq!(shop.run_maintenance().await.recovered, 1);
    assert_eq!(stock(&shop).await, (TWO, 3));
    shop.verify().await;
    assert_eq!(shop.store().inventory.list_stale_holds(shop.clock.now(), 9).await.unwrap().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_wants_stock_that_a_dead_process_left_in_a_transaction_is_told_to_come_back() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 5).await;
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, TWO).await.is(200);

    let mut dead = shop.store().attempts().await.unwrap();
    let tx = dead.begin().await.unwrap();
    shop.store().inventory.adjust_in(tx, &self::mug(), 1, shop.clock.now()).await.unwrap();
    let busy = ada.checkout("order").await;
    assert!(busy.is_problem(503, "busy").header("retry-after").is_some());

    let aborted = dead.settle(Err::<(), _>(StoreError::LostClaim)).await;
    assert!(matches!(aborted, Some(Err(StoreError::LostClaim))));
    ada.checkout("order").await.is(201);
    assert_eq!(stock(&shop).await, (TWO, 3));
    shop.verify().await;
}

/// Lets the next command of this name take a second, and then fail as `then` says.
async fn slow_down(mongodb: &OwnMongodb, command: &str, then: bson::Document) {
    let mut data = bson::doc! {"failCommands": [command], "blockConnection": true, "blockTimeMS": 1000};
    data.extend(then);
    mongodb.fail(bson::doc! {"times": 1}, data).await;
}

fn namespace(shop: &TestShop, collection: &str) -> String {
    format!("{}.{collection}", shop.store().database().name())
}

/// The order that units are held for.
async fn held_for(shop: &TestShop, sku: &str) -> Option<Id<Order>> {
    let records = shop.store().database().collection::<bson::Document>("inventory");
    let record = records.find_one(bson::doc! {"_id": sku}).await.unwrap().unwrap();
    let order = record.get_array("holds").ok()?[0].as_document().unwrap().get_object_id("order").unwrap();
    Some(order.to_hex().parse().unwrap())
}

#[tokio::test]
async fn what_comes_back_while_one_looks_who_has_it_is_worth_another_attempt() {
    let mongodb = OwnMongodb::start("hold-back").await;
    let shop = TestShop::start_at(mongodb.place().await, |real| real);
    shop.stock("MUG-1", TWO).await;
    let (ada, bob) = (holder(&shop, "ada").await, holder(&shop, "bob").await);
    assert!(matches!(take(&shop, &ada).await, Held::Taken(_)));
    let stock = bson::doc! {"namespace": namespace(&shop, "inventory")};
    slow_down(&mongodb, "find", stock).await;
    let giving_back = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        shop.store().inventory.let_go(&mug(), two(), ada.order).await.unwrap();
    };
    let (held, ()) = futures::join!(take(&shop, &bob), giving_back);
    assert!(matches!(held, Held::Short { available: TWO, may_change: true }), "{held:?}");
    assert!(matches!(take(&shop, &bob).await, Held::Taken(_)));
}

/// A failover that loses what no majority had cannot be timed this finely; what it leaves behind can be made by hand.
#[tokio::test]
async fn an_attempt_whose_hold_was_lost_holds_again() {
    let mongodb = OwnMongodb::start("hold-lost").await;
    let shop = TestShop::start_at(mongodb.place().await, |real| real);
    let pot = shop.stock("POT-1", TWO).await;
    let mug = shop.stock("MUG-1", TWO).await;
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, TWO).await.is(200);
    ada.add_to_cart(&pot, TWO).await.is(200);

    // The attempt's order is written beside the hold, and fails as if its primary had stepped down.
    let transient = ["TransientTransactionError"];
    let lost = bson::doc! {"namespace": namespace(&shop, "orders"), "errorCode": 251, "errorLabels": transient};
    slow_down(&mongodb, "insert", lost).await;
    let losing = async {
        let order = loop {
            match held_for(&shop, "POT-1").await {
                Some(order) => break order,
                None => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        };
        shop.store().inventory.let_go(&self::mug(), two(), order).await.unwrap();
    };
    let (placed, ()) = futures::join!(ada.checkout("order"), losing);
    placed.is(201);
    assert_eq!(stock(&shop).await, (TWO, 0));
    shop.verify().await;
}

/// Held before the transaction is open, units can be held at a primary that the transaction never sees.
#[tokio::test]
async fn stock_is_held_once_the_transaction_is_open() {
    let mongodb = OwnMongodb::start("hold-late").await;
    let shop = TestShop::start_at(mongodb.place().await, |real| real);
    let mug = shop.stock("MUG-1", TWO).await;
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, TWO).await.is(200);

    let carts = bson::doc! {"namespace": namespace(&shop, "carts")};
    slow_down(&mongodb, "update", carts).await;
    let looking = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(held_for(&shop, "MUG-1").await, None);
    };
    let (placed, ()) = futures::join!(ada.checkout("order"), looking);
    placed.is(201);
    assert_eq!(stock(&shop).await, (TWO, 0));
    shop.verify().await;
}

/// An update that was not answered may still be carried out, when the units are an order's.
#[tokio::test(flavor = "multi_thread")]
async fn no_order_comes_of_units_of_which_it_is_not_certain_that_they_were_given_back() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 50).await;
    let pot = shop.stock("POT-1", TWO).await;
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, TWO).await.is(200);
    ada.add_to_cart(&pot, TWO).await.is(200);

    let (store, now) = (shop.store(), shop.clock.now());
    let (mut of_pots, mut of_mugs) = (store.attempts().await.unwrap(), store.attempts().await.unwrap());
    let pot = Sku::try_new("POT-1").unwrap();
    store.inventory.adjust_in(of_pots.begin().await.unwrap(), &pot, -TWO, now).await.unwrap();
    let in_her_way = async {
        // She has the mugs, and waits to see whether the pots go.
        while held_for(&shop, "MUG-1").await.is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        store.inventory.adjust_in(of_mugs.begin().await.unwrap(), &self::mug(), 1, now).await.unwrap();
        of_pots.settle(Ok::<_, StoreError>(())).await.unwrap().unwrap();
    };
    let (busy, ()) = futures::join!(ada.checkout("order"), in_her_way);
    busy.is_problem(503, "busy");

    of_mugs.settle(Ok::<_, StoreError>(())).await.unwrap().unwrap();
    shop.clock.advance(LEASE);
    assert_eq!(shop.run_maintenance().await.recovered, 1);
    assert_eq!(stock(&shop).await, (0, 51));
    ada.checkout("order").await.is_problem(409, "insufficient_stock");
    shop.verify().await;
}
