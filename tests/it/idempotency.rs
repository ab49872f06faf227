//! One `Idempotency-Key`, one effect, one answer: duplicates, and requests that an outage interrupts.

use std::time::Duration;

use bson::{Document, doc};
use serde_json::json;
use shared::{
    domain::{Timestamp, secret_hash::sha256_hex},
    store::{
        StoreError,
        idempotency::{Answer, IdempotencyRecord, RETENTION},
    },
    transaction,
};
use tests::{OwnMongodb, Person, Reply, TestShop};

fn record(scope: &str, now: Timestamp) -> IdempotencyRecord {
    IdempotencyRecord {
        scope: scope.to_owned(),
        fingerprint: sha256_hex("request"),
        answer: Answer { status: 201, body: "{}".to_owned(), location: None },
        expires_at: now.plus(RETENTION),
    }
}

async fn insert(shop: &TestShop, record: &IdempotencyRecord, now: Timestamp) -> Result<(), StoreError> {
    let store = shop.store();
    transaction!(store, |tx| { store.idempotency.insert_in(tx, record, now).await })
}

/// A customer who is about to order a mug.
async fn buyer(shop: &TestShop) -> Person {
    let mug = shop.stock("MUG-1", 5).await;
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, 1).await.is(200);
    ada
}

fn is_replay(reply: &Reply) -> bool {
    reply.header("idempotent-replayed") == Some("true")
}

#[tokio::test]
async fn a_record_is_inserted_once_and_replaced_after_it_expired() {
    let shop = TestShop::start().await;
    let now = shop.clock.now();
    let first = record("user 1 | try | key", now);
    insert(&shop, &first, now).await.unwrap();
    let again = insert(&shop, &first, now).await;
    assert!(matches!(again, Err(StoreError::DuplicateRequest)), "{again:?}");

    let (records, tomorrow) = (&shop.store().idempotency, now.plus(RETENTION));
    assert!(records.find(&first.scope, now).await.unwrap().is_some());
    assert!(records.find(&first.scope, tomorrow).await.unwrap().is_none());
    insert(&shop, &record(&first.scope, tomorrow), tomorrow).await.unwrap();
    assert!(records.find(&first.scope, tomorrow).await.unwrap().is_some());
}

#[tokio::test]
async fn a_record_of_an_open_transaction_is_a_duplicate_request() {
    let shop = TestShop::start().await;
    let (store, now) = (shop.store(), shop.clock.now());
    let mut open = store.attempts().await.unwrap();
    store.idempotency.insert_in(open.begin().await.unwrap(), &record("scope", now), now).await.unwrap();
    let second = insert(&shop, &record("scope", now), now).await;
    assert!(matches!(second, Err(StoreError::DuplicateRequest)), "{second:?}");
    open.finish(Ok::<_, StoreError>(())).await.unwrap().unwrap();
}

/// Makes the next commit take a second.
async fn slow_commit(mongodb: &OwnMongodb) {
    let data = doc! {"failCommands": ["commitTransaction"], "blockConnection": true, "blockTimeMS": 1000};
    mongodb.fail(doc! {"times": 1}, data).await;
}

/// Sends the second of two requests while the commit of the first takes its time.
async fn duplicate<T>(first: impl Future<Output = T>, second: impl Future<Output = T>) -> (T, T) {
    let later = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        second.await
    };
    futures::join!(first, later)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_duplicate_checkout_in_flight_answers_with_the_first_answer() {
    let mongodb = OwnMongodb::start("duplicate-order").await;
    let shop = TestShop::start_at(mongodb.place().await, |real| real);
    let ada = buyer(&shop).await;
    slow_commit(&mongodb).await;
    let (first, second) = duplicate(ada.checkout("order"), ada.checkout("order")).await;
    assert_eq!((first.is(201).id(), is_replay(&first)), (second.is(201).id(), false));
    assert!(is_replay(&second) && first.body == second.body, "{second:?}");
    assert_eq!(shop.count("orders").await, 1);
    shop.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_duplicate_refund_in_flight_answers_with_the_first_answer() {
    let mongodb = OwnMongodb::start("duplicate-refund").await;
    let shop = TestShop::start_at(mongodb.place().await, |real| real);
    let ada = buyer(&shop).await;
    let order = ada.checkout("order").await.is(201).id();
    shop.run_queues().await;
    let (root, payment) = (shop.admin("root").await, shop.payment_of(&order).await);
    let refund = async || {
        let path = format!("/v1/payments/{}/refunds", payment.id);
        root.request("POST", &path).key("refund").json(json!({"amount": 100, "reason": "scratched"})).send().await
    };
    slow_commit(&mongodb).await;
    let (first, second) = duplicate(refund(), refund()).await;
    assert_eq!((&first.is(202).body, is_replay(&first)), (&second.is(202).body, false));
    assert!(is_replay(&second), "{second:?}");
    assert_eq!(shop.payment_of(&order).await.refunds.len(), 1);
    shop.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_duplicate_of_a_slow_request_is_told_to_retry_later() {
    let shop = TestShop::start().await;
    let ada = buyer(&shop).await;
    let store = shop.store();
    // The first request has inserted its record, and does not commit.
    let (scope, now) = (format!("user {} | place_order | order", ada.id), shop.clock.now());
    let mut open = store.attempts().await.unwrap();
    store.idempotency.insert_in(open.begin().await.unwrap(), &record(&scope, now), now).await.unwrap();
    let refused = ada.checkout("order").await;
    assert!(refused.is_problem(409, "idempotency_in_progress").header("retry-after").is_some());
    assert_eq!((shop.count("orders").await, shop.stock_of("MUG-1").await.reserved), (0, 0));

    let aborted = open.finish(Err::<(), _>(StoreError::DuplicateRequest)).await;
    assert!(matches!(aborted, Some(Err(StoreError::DuplicateRequest))));
    ada.checkout("order").await.is(201);
    shop.verify().await;
}

#[tokio::test]
async fn a_commit_that_timed_out_is_retried() {
    let mongodb = OwnMongodb::start("commit-late").await;
    let shop = TestShop::start_at(mongodb.place().await, |real| real);
    let ada = buyer(&shop).await;
    // Its limit of time ran out; whether it happened is not known.
    let late = doc! {"failCommands": ["commitTransaction"], "errorCode": 50};
    mongodb.fail(doc! {"times": 1}, late).await;
    ada.checkout("order").await.is(201);
    shop.verify().await;
}

/// A primary that steps down while a majority is waited for says that the write is there, and that it may yet be lost.
#[tokio::test]
async fn a_write_without_majority_may_have_been_applied() {
    let mongodb = OwnMongodb::start("unconfirmed").await;
    let shop = TestShop::start_at(mongodb.place().await, |real| real);
    let ada = buyer(&shop).await;
    let unconfirmed = |command: &str| {
        let error = doc! {"code": 189, "codeName": "PrimarySteppedDown", "errmsg": "stepped down"};
        doc! {"failCommands": [command], "writeConcernError": error}
    };
    mongodb.fail("alwaysOn", unconfirmed("commitTransaction")).await;
    let unsure = ada.checkout("order").await;
    unsure.is_problem(503, "unavailable");
    assert!(unsure.header("retry-after").is_some());
    mongodb.fail("off", Document::new()).await;
    // It did happen, and a repeat is told so.
    let replayed = ada.checkout("order").await;
    assert_eq!((is_replay(replayed.is(201)), shop.count("orders").await), (true, 1));
    shop.verify().await;

    let mug = shop.stock("MUG-2", 5).await;
    ada.add_to_cart(&mug, 1).await.is(200);
    mongodb.fail("alwaysOn", unconfirmed("update")).await;
    ada.add_to_cart(&mug, 1).await.is_problem(503, "unavailable");
    mongodb.fail("off", Document::new()).await;
    assert_eq!(ada.get("/v1/cart").await.json["items"][0]["quantity"], 2);
}

/// What refuses a duplicate may be the effect of the first request, so no refusal is told before its record was looked for.
#[tokio::test]
async fn a_refusal_is_answered_only_after_looking_for_the_record() {
    let mongodb = OwnMongodb::start("refusal").await;
    let shop = TestShop::start_at(mongodb.place().await, |real| real);
    let ada = shop.customer("ada").await;
    let records = format!("{}.idempotency", shop.store().database().name());
    let lost = doc! {"failCommands": ["find"], "namespace": records, "closeConnection": true};
    mongodb.fail(doc! {"skip": 1}, lost).await;
    ada.checkout("order").await.is_problem(503, "unavailable");
    mongodb.fail("off", Document::new()).await;
    ada.checkout("another").await.is_problem(409, "cart_empty");
}
