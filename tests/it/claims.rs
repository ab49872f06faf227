//! The right to answer a request, where it meets the transaction of the effect.

use std::time::Duration;

use shared::{
    domain::{Timestamp, secret_hash::sha256_hex},
    store::{
        StoreError,
        idempotency::{Answer, Claim, Claimed, LEASE},
    },
    transaction,
};
use tests::{OwnMongodb, TestShop};

fn answer() -> Answer {
    Answer { status: 201, body: "{}".to_owned(), location: None }
}

async fn claim(shop: &TestShop, now: Timestamp) -> Claimed {
    shop.store().idempotency.claim("user 1 | try | key", &sha256_hex("request"), now).await.unwrap()
}

async fn claimed(shop: &TestShop, now: Timestamp) -> Claim {
    loop {
        match claim(shop, now).await {
            Claimed::Yes(claim) => return claim,
            // The one before is not seen until a majority has it.
            Claimed::InProgress => tokio::task::yield_now().await,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_claim_that_is_younger_than_the_snapshot_is_found_by_the_next_attempt() {
    let shop = TestShop::start().await;
    let (store, now) = (shop.store(), shop.clock.now());
    let mut mine = None;
    let mut attempts = 0;
    let done = transaction!(store, |tx| {
        attempts += 1;
        store.inventory.find_all_in(tx, []).await?;
        if mine.is_none() {
            mine = Some(claimed(&shop, now).await);
        }
        store.idempotency.complete_in(tx, mine.as_ref().unwrap(), &answer()).await
    });
    assert!(done.is_ok(), "{done:?}");
    assert_eq!(attempts, 2);
    assert!(matches!(claim(&shop, now).await, Claimed::Answered(kept) if kept == answer()));
}

#[tokio::test]
async fn a_claim_that_changed_hands_completes_nothing() {
    let shop = TestShop::start().await;
    let (store, now) = (shop.store(), shop.clock.now());
    let slow = claimed(&shop, now).await;
    let heir = claimed(&shop, now.plus(LEASE * 2)).await;

    let mut attempts = 0;
    let lost = transaction!(store, |tx| {
        attempts += 1;
        store.idempotency.complete_in(tx, &slow, &answer()).await
    });
    assert!(matches!(lost, Err(StoreError::LostClaim)), "{lost:?}");
    assert_eq!(attempts, 1);

    let done = transaction!(store, |tx| { store.idempotency.complete_in(tx, &heir, &answer()).await });
    assert!(done.is_ok(), "{done:?}");
}

#[tokio::test]
async fn whoever_lost_the_claim_is_told_to_ask_again_whatever_else_stands_in_the_way() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 5).await;
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, 1).await.is(200);
    // Somebody changes the cart, and is done when the checkout has lost its claim.
    let store = shop.store();
    let mut changing = store.attempts().await.unwrap();
    let tx = changing.begin().await.unwrap();
    let mut cart = store.carts.find_of_customer(ada.id).await.unwrap().unwrap();
    store.carts.save_in(tx, &mut cart).await.unwrap();
    let losing = async {
        let claims = store.database().collection::<bson::Document>("idempotency");
        while claims.delete_many(bson::doc! {}).await.unwrap().deleted_count == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        changing.settle(Ok::<_, StoreError>(())).await.unwrap().unwrap();
    };
    let (refused, ()) = futures::join!(ada.checkout("order"), losing);
    refused.is_problem(409, "idempotency_in_progress");
    ada.checkout("order").await.is(201);
    shop.verify().await;
}

#[tokio::test]
async fn a_commit_that_took_too_long_is_asked_for_again() {
    let mongodb = OwnMongodb::start("commit-late").await;
    let shop = TestShop::start_at(mongodb.place().await, |real| real);
    let mug = shop.stock("MUG-1", 5).await;
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, 1).await.is(200);
    // Its limit of time ran out; whether it happened is not known.
    let late = bson::doc! {"failCommands": ["commitTransaction"], "errorCode": 50};
    mongodb.fail(bson::doc! {"times": 1}, late).await;
    ada.checkout("order").await.is(201);
    shop.verify().await;
}

/// A primary that steps down while a majority is waited for says that the write is there, and that it may yet be lost.
#[tokio::test]
async fn what_no_majority_confirms_may_have_happened() {
    let mongodb = OwnMongodb::start("unconfirmed").await;
    let shop = TestShop::start_at(mongodb.place().await, |real| real);
    let mug = shop.stock("MUG-1", 5).await;
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, 1).await.is(200);
    let unconfirmed = |command: &str| {
        let error = bson::doc! {"code": 189, "codeName": "PrimarySteppedDown", "errmsg": "stepped down"};
        bson::doc! {"failCommands": [command], "writeConcernError": error}
    };
    mongodb.fail("alwaysOn", unconfirmed("commitTransaction")).await;
    let unsure = ada.checkout("order").await;
    unsure.is_problem(503, "unavailable");
    assert!(unsure.header("retry-after").is_some());
    mongodb.fail("off", bson::Document::new()).await;
    // It did happen, and is told to whoever asks again.
    let told = ada.checkout("order").await;
    assert_eq!((told.is(201).header("idempotent-replayed"), shop.count("orders").await), (Some("true"), 1));
    shop.verify().await;

    ada.add_to_cart(&mug, 1).await.is(200);
    mongodb.fail("alwaysOn", unconfirmed("update")).await;
    ada.add_to_cart(&mug, 1).await.is_problem(503, "unavailable");
    mongodb.fail("off", bson::Document::new()).await;
    assert_eq!(ada.get("/v1/cart").await.json["items"][0]["quantity"], 2);
}

#[tokio::test]
async fn a_refusal_is_told_only_by_who_can_give_the_claim_up() {
    let mongodb = OwnMongodb::start("claim-kept").await;
    let shop = TestShop::start_at(mongodb.place().await, |real| real);
    let ada = shop.customer("ada").await;
    let claims = format!("{}.idempotency", shop.store().database().name());
    let lost = bson::doc! {"failCommands": ["delete"], "namespace": claims, "closeConnection": true};
    mongodb.fail("alwaysOn", lost).await;
    ada.checkout("order").await.is_problem(503, "unavailable");
    mongodb.fail("off", bson::Document::new()).await;
    ada.checkout("another").await.is_problem(409, "cart_empty");
}
