//! Reservations: each is confirmed or released exactly once, whichever process dies.

use std::time::Duration;

use bson::{Document, doc};
use shared::{
    app::reserve_stock::RESERVATION_LEASE,
    domain::{Buyer, Id, Quantity, Sku, Timestamp, cart::Cart, message::Event, order::Order},
    store::{
        StoreError, Versioned,
        inventory::{
            Adjusted,
            reservations::{Availability, Reservation, Reserved},
        },
    },
    transaction,
};
use tests::{OwnMongodb, TestShop};

const TWO: i64 = 2;

fn sku(sku: &str) -> Sku {
    Sku::try_new(sku).unwrap()
}

/// A reservation of two units for an order that a process is about to place from this cart.
fn reservation_of(shop: &TestShop, cart: Id<Cart>, cart_version: i64) -> Reservation {
    let expires_at = shop.clock.now().plus(RESERVATION_LEASE);
    Reservation { order: Id::new(), cart, cart_version, quantity: Quantity::try_new(TWO).unwrap(), expires_at }
}

/// The reservation of a process that died before its cart could be found again.
fn abandoned(shop: &TestShop) -> Reservation {
    reservation_of(shop, Id::new(), 1)
}

async fn reserve(shop: &TestShop, reservation: &Reservation) -> Reserved {
    shop.store().inventory.reserve(&sku("MUG-1"), reservation).await.unwrap()
}

/// What is reserved, and what can still be ordered.
async fn stock(shop: &TestShop) -> (i64, i64) {
    let record = shop.stock_of("MUG-1").await;
    (record.reserved, record.available)
}

/// The order that the first reservation of a SKU is for.
async fn reserved_for(shop: &TestShop, sku: &str) -> Option<Id<Order>> {
    let records = shop.store().database().collection::<Document>("inventory");
    let record = records.find_one(doc! {"_id": sku}).await.unwrap().unwrap();
    let reservation = record.get_array("reservations").ok()?[0].as_document().unwrap().clone();
    Some(reservation.get_object_id("order").unwrap().to_hex().parse().unwrap())
}

#[tokio::test]
async fn reserved_units_are_released_once() {
    let shop = TestShop::start().await;
    shop.stock("MUG-1", 5).await;
    let reservation = abandoned(&shop);
    let before = shop.stock_of("MUG-1").await;
    assert!(matches!(reserve(&shop, &reservation).await, Reserved::Yes(record) if record.available == 3));
    assert_eq!(stock(&shop).await, (TWO, 3));
    shop.verify().await;
    for _ in 0..2 {
        shop.store().inventory.release(&sku("MUG-1"), &reservation).await.unwrap();
        assert_eq!(shop.stock_of("MUG-1").await, before);
    }
    shop.verify().await;
}

#[tokio::test]
async fn a_shortage_tells_whether_the_missing_units_are_only_reserved() {
    let shop = TestShop::start().await;
    shop.stock("MUG-1", 3).await;
    let (first, second) = (abandoned(&shop), abandoned(&shop));
    assert!(matches!(reserve(&shop, &first).await, Reserved::Yes(_)));
    let short = |reserved| Availability { orderable: 1, reserved };
    assert!(matches!(reserve(&shop, &second).await, Reserved::Short(found) if found == short(2)));
    shop.store().inventory.confirm([&sku("MUG-1")], first.order, shop.clock.now()).await.unwrap();
    assert!(matches!(reserve(&shop, &second).await, Reserved::Short(found) if found == short(0)));
}

#[tokio::test]
async fn a_shortage_that_no_release_could_end_is_refused_at_once() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 3).await;
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, 3).await.is(200);
    // One unit leaves the stock, and one of the other two is reserved: three can never be had.
    let store = shop.store();
    let lost: Result<_, StoreError> =
        transaction!(store, |tx| { store.inventory.adjust_in(tx, &sku("MUG-1"), -1, shop.clock.now()).await });
    assert!(matches!(lost.unwrap(), Adjusted::Yes(_)));
    let other = Reservation { quantity: Quantity::ONE, ..abandoned(&shop) };
    assert!(matches!(reserve(&shop, &other).await, Reserved::Yes(_)));
    let refused = ada.checkout("order").await;
    assert_eq!(refused.is_problem(409, "insufficient_stock").json["available"], 1);
}

#[tokio::test]
async fn a_checkout_that_waits_for_units_has_nothing_reserved() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", TWO).await;
    let pot = shop.stock("POT-1", TWO).await;
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, TWO).await.is(200);
    ada.add_to_cart(&pot, TWO).await.is(200);
    let other = abandoned(&shop);
    assert!(matches!(reserve(&shop, &other).await, Reserved::Yes(_)));
    let releasing = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(reserved_for(&shop, "POT-1").await, None);
        shop.store().inventory.release(&sku("MUG-1"), &other).await.unwrap();
    };
    let (placed, ()) = futures::join!(ada.checkout("order"), releasing);
    placed.is(201);
    assert_eq!(stock(&shop).await, (TWO, 0));
    shop.verify().await;
}

#[tokio::test]
async fn reserved_but_uncommitted_stock_answers_busy_not_out_of_stock() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", TWO).await;
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, TWO).await.is(200);
    assert!(matches!(reserve(&shop, &abandoned(&shop)).await, Reserved::Yes(_)));
    let started = std::time::Instant::now();
    let busy = ada.checkout("order").await;
    assert!(busy.is_problem(503, "busy").header("retry-after").is_some());
    assert!(started.elapsed() < Duration::from_secs(4), "it waited {:?}", started.elapsed());
    shop.clock.advance(RESERVATION_LEASE);
    assert_eq!(shop.run_maintenance().await.reservations, 1);
    ada.checkout("order").await.is(201);
}

#[tokio::test]
async fn an_expired_reservation_is_released_and_low_stock_is_reported() {
    let shop = TestShop::start().await;
    shop.stock("MUG-1", 9).await;
    assert!(matches!(reserve(&shop, &abandoned(&shop)).await, Reserved::Yes(_)));
    shop.clock.advance(RESERVATION_LEASE / 2);
    assert!(matches!(reserve(&shop, &abandoned(&shop)).await, Reserved::Yes(_)));
    assert_eq!(shop.run_maintenance().await.reservations, 0);
    shop.clock.advance(RESERVATION_LEASE / 2);
    assert_eq!(shop.run_maintenance().await.reservations, 1);
    assert_eq!(stock(&shop).await, (TWO, 7));
    assert_eq!(shop.enqueued("email.lowStock").await.len(), 1);
    shop.verify().await;
    assert_eq!(shop.run_maintenance().await.reservations, 0);
}

/// A customer with two mugs in the cart, and that cart.
async fn with_two_mugs(shop: &TestShop, mug: &str) -> (tests::Person, Versioned<Cart>) {
    let ada = shop.customer("ada").await;
    ada.add_to_cart(mug, TWO).await.is(200);
    let cart = shop.store().carts.find_of(&Buyer::Customer(ada.id), shop.clock.now()).await.unwrap().unwrap();
    (ada, cart)
}

#[tokio::test]
async fn a_slow_process_places_no_order_after_its_reservation_expired() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 5).await;
    let (ada, cart) = with_two_mugs(&shop, &mug).await;
    let slow = reservation_of(&shop, cart.id, cart.version());
    assert!(matches!(reserve(&shop, &slow).await, Reserved::Yes(_)));
    let store = shop.store();
    let message = Event::EmailLowStock { sku: sku("MUG-1") }.now(shop.clock.now());
    let mut attempts = 0;
    let refused: Result<(), StoreError> = transaction!(store, |tx| {
        attempts += 1;
        store.outbox.enqueue(tx, &message).await?;
        if attempts == 1 {
            // Its time is over while its transaction is open.
            shop.clock.advance(RESERVATION_LEASE);
            assert_eq!(shop.run_maintenance().await.reservations, 1);
        }
        let mut converted = cart.clone();
        converted.convert(shop.clock.now());
        store.carts.save_in(tx, &mut converted).await
    });
    assert!(matches!(refused, Err(StoreError::Contended)), "{refused:?}");
    assert_eq!(stock(&shop).await, (0, 5));
    store.inventory.release(&sku("MUG-1"), &slow).await.unwrap();
    assert_eq!(stock(&shop).await, (0, 5));
    ada.checkout("order").await.is(201);
    assert_eq!(stock(&shop).await, (TWO, 3));
    shop.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn expiry_confirms_the_reservation_of_an_order_that_commits_meanwhile() {
    let mongodb = OwnMongodb::start("expiry-late").await;
    let shop = TestShop::start_at(mongodb.place().await, |real| real);
    let mug = shop.stock("MUG-1", 5).await;
    let (ada, _) = with_two_mugs(&shop, &mug).await;
    // The order's transaction is open for a second longer than its reservation.
    slow_down(&mongodb, "insert", doc! {"namespace": namespace(&shop, "outbox")}).await;
    let expiring = async {
        while reserved_for(&shop, "MUG-1").await.is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        shop.clock.advance(RESERVATION_LEASE);
        shop.run_maintenance().await
    };
    let (placed, report) = futures::join!(ada.checkout("order"), expiring);
    assert_eq!(placed.status, 201, "{placed:?}");
    assert_eq!((report.reservations, stock(&shop).await), (1, (TWO, 3)));
    shop.verify().await;
}

#[tokio::test]
async fn an_order_keeps_its_units_when_its_reservation_was_not_confirmed() {
    let shop = TestShop::start().await;
    let product = shop.stock("MUG-1", 5).await;
    let order = shop.customer("ada").await.order(&product, TWO).await.is(201).id();
    let unconfirmed = Reservation { order: order.parse().unwrap(), ..abandoned(&shop) };
    let records = shop.store().database().collection::<Document>("inventory");
    records.update_one(doc! {"_id": "MUG-1"}, doc! {"$push": {"reservations": &unconfirmed}}).await.unwrap();
    shop.verify().await;
    shop.clock.advance(RESERVATION_LEASE);
    assert_eq!(shop.run_maintenance().await.reservations, 1);
    assert_eq!(stock(&shop).await, (TWO, 3));
    shop.verify().await;
    assert_eq!(shop.store().inventory.list_expired_reservations(shop.clock.now(), 9).await.unwrap().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_that_a_dead_process_left_in_a_transaction_answers_busy() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 5).await;
    let (ada, _) = with_two_mugs(&shop, &mug).await;

    let mut dead = shop.store().attempts().await.unwrap();
    let tx = dead.begin().await.unwrap();
    shop.store().inventory.adjust_in(tx, &sku("MUG-1"), 1, shop.clock.now()).await.unwrap();
    let busy = ada.checkout("order").await;
    assert!(busy.is_problem(503, "busy").header("retry-after").is_some());

    let aborted = dead.finish(Err::<(), _>(StoreError::DuplicateRequest)).await;
    assert!(matches!(aborted, Some(Err(StoreError::DuplicateRequest))));
    ada.checkout("order").await.is(201);
    assert_eq!(stock(&shop).await, (TWO, 3));
    shop.verify().await;
}

/// Makes the next command of this name take a second, and then fail as `then` says.
async fn slow_down(mongodb: &OwnMongodb, command: &str, then: Document) {
    let mut data = doc! {"failCommands": [command], "blockConnection": true, "blockTimeMS": 1000};
    data.extend(then);
    mongodb.fail(doc! {"times": 1}, data).await;
}

fn namespace(shop: &TestShop, collection: &str) -> String {
    format!("{}.{collection}", shop.store().database().name())
}

#[tokio::test]
async fn units_released_during_the_availability_check_lead_to_a_retry() {
    let mongodb = OwnMongodb::start("released").await;
    let shop = TestShop::start_at(mongodb.place().await, |real| real);
    let mug = shop.stock("MUG-1", TWO).await;
    let (ada, _) = with_two_mugs(&shop, &mug).await;
    let other = abandoned(&shop);
    assert!(matches!(reserve(&shop, &other).await, Reserved::Yes(_)));
    // The second look at the inventory is the one after the reservation that found too few.
    slow_down(&mongodb, "find", doc! {"namespace": namespace(&shop, "inventory")}).await;
    let releasing = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        shop.store().inventory.release(&sku("MUG-1"), &other).await.unwrap();
    };
    let (placed, ()) = futures::join!(ada.checkout("order"), releasing);
    placed.is(201);
    shop.verify().await;
}

#[tokio::test]
async fn a_second_attempt_keeps_the_reservations_of_the_first() {
    let mongodb = OwnMongodb::start("reserved-once").await;
    let shop = TestShop::start_at(mongodb.place().await, |real| real);
    let pot = shop.stock("POT-1", TWO).await;
    let mug = shop.stock("MUG-1", TWO).await;
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, TWO).await.is(200);
    ada.add_to_cart(&pot, TWO).await.is(200);
    // The order is inserted beside the reservation, and fails as if its primary had stepped down.
    let transient = ["TransientTransactionError"];
    let lost = doc! {"namespace": namespace(&shop, "orders"), "errorCode": 251, "errorLabels": transient};
    slow_down(&mongodb, "insert", lost).await;
    ada.checkout("order").await.is(201);
    assert_eq!(stock(&shop).await, (TWO, 0));
    shop.verify().await;
}

#[tokio::test]
async fn a_reservation_without_majority_places_no_order() {
    let mongodb = OwnMongodb::start("unconfirmed-reservation").await;
    let shop = TestShop::start_at(mongodb.place().await, |real| real);
    let mug = shop.stock("MUG-1", 5).await;
    let (ada, _) = with_two_mugs(&shop, &mug).await;
    let error = doc! {"code": 189, "codeName": "PrimarySteppedDown", "errmsg": "stepped down"};
    let unconfirmed = doc! {"failCommands": ["findAndModify"], "writeConcernError": error};
    mongodb.fail("alwaysOn", unconfirmed).await;
    ada.checkout("order").await.is_problem(503, "unavailable");
    mongodb.fail("off", Document::new()).await;
    assert_eq!(shop.count("orders").await, 0);
    shop.verify().await;
    // The server drops the transaction that was left open after a minute; this is that minute.
    shop.store().database().client().database("admin").run_command(doc! {"killAllSessions": []}).await.unwrap();
    shop.clock.advance(RESERVATION_LEASE);
    assert_eq!(shop.run_maintenance().await.reservations, 1);
    assert_eq!(stock(&shop).await, (0, 5));
    ada.checkout("order").await.is(201);
    shop.verify().await;
}

/// An update that was not answered may still be carried out, when the units are an order's.
#[tokio::test(flavor = "multi_thread")]
async fn no_order_is_placed_with_units_whose_release_is_uncertain() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 50).await;
    let pot = shop.stock("POT-1", TWO).await;
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, TWO).await.is(200);
    ada.add_to_cart(&pot, TWO).await.is(200);

    let (store, now) = (shop.store(), shop.clock.now());
    let (mut of_pots, mut of_mugs) = (store.attempts().await.unwrap(), store.attempts().await.unwrap());
    store.inventory.adjust_in(of_pots.begin().await.unwrap(), &sku("POT-1"), -TWO, now).await.unwrap();
    let in_her_way = async {
        // The mugs are reserved; the pots wait for the adjustment.
        while reserved_for(&shop, "MUG-1").await.is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        store.inventory.adjust_in(of_mugs.begin().await.unwrap(), &sku("MUG-1"), 1, now).await.unwrap();
        of_pots.finish(Ok::<_, StoreError>(())).await.unwrap().unwrap();
    };
    let (refused, ()) = futures::join!(ada.checkout("order"), in_her_way);
    refused.is_problem(409, "insufficient_stock");

    of_mugs.finish(Ok::<_, StoreError>(())).await.unwrap().unwrap();
    assert_eq!(stock(&shop).await, (TWO, 49));
    shop.clock.advance(RESERVATION_LEASE);
    assert_eq!(shop.run_maintenance().await.reservations, 1);
    assert_eq!(stock(&shop).await, (0, 51));
    ada.checkout("order").await.is_problem(409, "insufficient_stock");
    shop.verify().await;
}

/// Timestamps are compared by the process that looks for expired reservations.
#[tokio::test]
async fn a_reservation_expires_at_its_time_and_not_before() {
    let shop = TestShop::start().await;
    shop.stock("MUG-1", 5).await;
    let reservation = abandoned(&shop);
    reserve(&shop, &reservation).await;
    let just_before = Timestamp::from_millis(reservation.expires_at.as_millis() - 1);
    let inventory = &shop.store().inventory;
    assert!(inventory.list_expired_reservations(just_before, 9).await.unwrap().is_empty());
    assert_eq!(inventory.list_expired_reservations(reservation.expires_at, 9).await.unwrap().len(), 1);
}
