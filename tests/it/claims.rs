//! The right to answer a request, where it meets the transaction of the effect.

use shared::{
    domain::{Timestamp, secret_hash::sha256_hex},
    store::{
        StoreError,
        idempotency::{Answer, Claim, Claimed, LEASE},
    },
    transaction,
};
use tests::TestShop;

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
