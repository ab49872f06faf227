//! Outages of the database during checkouts: acknowledged orders survive, and other requests can be retried.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use futures::future::join_all;
use shared::domain::order::OrderStatus;
use tests::{OwnMongodb, Person, Reply, StripeApi, TestShop};

/// Longer than the reservation lease and the delay of the relay.
const AFTER_LEASE: Duration = Duration::from_secs(36);

/// The limit for an answer while the server is frozen: four seconds for the command and two for server selection.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(8);

async fn open(mongodb: &OwnMongodb) -> (TestShop, StripeApi) {
    let shop = TestShop::start_at(mongodb.place().await, |real| real);
    let stripe = StripeApi::watch(&shop.place.components.stripe_api).await;
    (shop, stripe)
}

/// Buyers with one unit in each cart.
async fn buyers(shop: &TestShop, product: &str, count: usize) -> Vec<Person> {
    let mut buyers = Vec::new();
    for number in 0..count {
        let buyer = shop.customer(&format!("buyer{number}")).await;
        buyer.add_to_cart(product, 1).await.is(200);
        buyers.push(buyer);
    }
    buyers
}

/// The answers to buyers who check out one after the other. The event starts after five orders, so that some checkouts come
/// before it and others after it.
async fn check_out_around(buyers: &[Person], apart: Duration, event: impl Future<Output = ()>) -> Vec<Reply> {
    let acknowledged = AtomicUsize::new(0);
    let acknowledged = &acknowledged;
    let checkouts = buyers.iter().zip(0..).map(|(buyer, number)| async move {
        tokio::time::sleep(apart * number).await;
        let reply = buyer.checkout("order").await;
        acknowledged.fetch_add(usize::from(reply.status.as_u16() == 201), Ordering::SeqCst);
        reply
    });
    let happening = async {
        while acknowledged.load(Ordering::SeqCst) < 5 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        event.await;
        assert!(acknowledged.load(Ordering::SeqCst) < buyers.len(), "every buyer was served before");
    };
    futures::join!(join_all(checkouts), happening).0
}

/// Every buyer retries later. An acknowledged buyer gets the same answer.
async fn retry_all(shop: &TestShop, buyers: &[Person], replies: &[Reply]) -> Vec<Reply> {
    shop.clock.advance(AFTER_LEASE);
    let placed = join_all(buyers.iter().map(|buyer| buyer.checkout("order"))).await;
    for (first, second) in replies.iter().zip(&placed) {
        if first.status.as_u16() == 201 {
            assert_eq!((second.header("idempotent-replayed"), &second.body), (Some("true"), &first.body));
        }
    }
    placed
}

/// Fails the test unless these are all the orders, each paid once and being picked.
async fn are_paid_once(shop: &TestShop, stripe: &StripeApi, placed: &[Reply]) {
    let orders: BTreeSet<String> = placed.iter().map(|reply| reply.is(201).id()).collect();
    assert_eq!((orders.len(), shop.count("orders").await), (placed.len(), placed.len() as u64));
    for order in &orders {
        assert_eq!(shop.find_order(order).await.status, OrderStatus::Processing);
        assert_eq!(stripe.charges_of(shop.payment_of(order).await.id).await, [1500]);
    }
    assert_eq!(shop.stock_of("MUG-1").await.reserved, i64::try_from(placed.len()).unwrap());
    shop.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_between_two_requests_loses_nothing() {
    let mongodb = OwnMongodb::start("clicks").await;
    let (shop, stripe) = open(&mongodb).await;
    let mug = shop.stock("MUG-1", 20).await;
    let buyers = buyers(&shop, &mug, 4).await;
    let before = buyers[0].checkout("order").await;
    before.is(201);

    mongodb.stop().await;
    shop.get("/v1/health").await.is_problem(503, "unavailable");
    for refused in join_all(buyers.iter().map(|buyer| buyer.checkout("order"))).await {
        refused.is_problem(503, "unavailable");
        assert!(refused.header("retry-after").is_some());
    }
    assert!(maintenance::run(&shop.maintenance()).await.is_err(), "maintenance reports its failure");

    mongodb.start_again().await;
    shop.get("/v1/health").await.is(200);
    let placed = join_all(buyers.iter().map(|buyer| buyer.checkout("order"))).await;
    assert_eq!((placed[0].header("idempotent-replayed"), &placed[0].body), (Some("true"), &before.body));
    shop.run_queues().await;
    are_paid_once(&shop, &stripe, &placed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_database_keeps_every_order_that_was_acknowledged() {
    let mongodb = OwnMongodb::start("killed").await;
    let (shop, stripe) = open(&mongodb).await;
    let mug = shop.stock("MUG-1", 100).await;
    let buyers = buyers(&shop, &mug, 30).await;

    let replies = check_out_around(&buyers, Duration::from_millis(10), async { mongodb.kill() }).await;
    let answered: Vec<&Reply> = replies.iter().filter(|reply| reply.status.as_u16() == 201).collect();
    assert!((5..30).contains(&answered.len()), "{} of 30 were acknowledged", answered.len());
    for reply in replies.iter().filter(|reply| reply.status.as_u16() != 201) {
        reply.is_problem(503, "unavailable");
        assert!(reply.header("retry-after").is_some());
    }

    mongodb.start_again().await;
    shop.get("/v1/health").await.is(200);
    for reply in answered {
        assert_eq!(shop.find_order(&reply.id()).await.order_number, reply.json["orderNumber"].as_str().unwrap());
    }
    shop.verify().await;
    let placed = retry_all(&shop, &buyers, &replies).await;
    shop.run_maintenance().await;
    shop.run_queues().await;
    are_paid_once(&shop, &stripe, &placed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_step_down_costs_a_buyer_at_most_one_retry() {
    let mongodb = OwnMongodb::start_set("hands-over", 3).await;
    let (shop, stripe) = open(&mongodb).await;
    let mug = shop.stock("MUG-1", 100).await;
    let buyers = buyers(&shop, &mug, 40).await;
    let replies = check_out_around(&buyers, Duration::from_millis(25), mongodb.step_down()).await;
    for reply in replies.iter().filter(|reply| reply.status.as_u16() != 201) {
        // The new primary may lack a record or a reservation that only the old one had.
        assert!(reply.status == 503 || reply.json["code"] == "idempotency_in_progress", "{reply:?}");
        assert!(reply.header("retry-after").is_some(), "{reply:?}");
    }

    let placed = retry_all(&shop, &buyers, &replies).await;
    shop.run_maintenance().await;
    shop.run_queues().await;
    are_paid_once(&shop, &stripe, &placed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_that_lose_the_database_charge_no_order_twice() {
    let mongodb = OwnMongodb::start("workers").await;
    let (shop, stripe) = open(&mongodb).await;
    let mug = shop.stock("MUG-1", 100).await;
    let buyers = buyers(&shop, &mug, 12).await;
    let placed = join_all(buyers.iter().map(|buyer| buyer.checkout("order"))).await;
    let charges = shop.enqueued("payment.requested").await;

    let killing = async {
        while stripe.count_charges(1500).await < 3 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        mongodb.kill();
    };
    let (failed, ()) = futures::join!(shop.deliver(&charges), killing);
    assert!(!failed.is_empty(), "all were done before it was killed");

    mongodb.start_again().await;
    shop.get("/v1/health").await.is(200);
    shop.verify().await;
    shop.deliver_everything().await;
    are_paid_once(&shop, &stripe, &placed).await;
}

/// The connections stay open, so that only a timeout detects the outage.
#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_database_answers_unavailable_in_time() {
    let mongodb = OwnMongodb::start("silent").await;
    let (shop, stripe) = open(&mongodb).await;
    let mug = shop.stock("MUG-1", 10).await;
    let buyers = buyers(&shop, &mug, 3).await;

    mongodb.freeze();
    let started = Instant::now();
    for refused in join_all(buyers.iter().map(|buyer| buyer.checkout("order"))).await {
        refused.is_problem(503, "unavailable");
        assert!(refused.header("retry-after").is_some());
    }
    assert!(started.elapsed() <= ANSWER_TIMEOUT, "{:?}", started.elapsed());

    mongodb.thaw();
    shop.clock.advance(AFTER_LEASE);
    let placed = join_all(buyers.iter().map(|buyer| buyer.checkout("order"))).await;
    shop.run_queues().await;
    are_paid_once(&shop, &stripe, &placed).await;
}
