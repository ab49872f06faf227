//! The database goes away while the shop sells, politely or not: whatever was acknowledged is still there, and whatever was not
//! can be asked for again.

use std::{
    collections::BTreeSet,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use futures::future::join_all;
use shared::domain::order::OrderStatus;
use tests::{OwnMongodb, Person, Reply, StripeApi, TestShop};

/// Longer than a claim keeps others away, and than the relay leaves a promise to who made it.
const A_WHILE: Duration = Duration::from_secs(36);

/// How long a silent server may leave anybody waiting: it is given up after four seconds, and another looked for for two.
const SOON: Duration = Duration::from_secs(8);

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

/// What the buyers are told, who come one after the other, so that some are served before the event and others are not: it
/// comes when five of them have their orders.
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
        assert!(acknowledged.load(Ordering::SeqCst) < buyers.len(), "everybody was served before");
    };
    futures::join!(join_all(checkouts), happening).0
}

/// Everybody clicks again, later. Who was acknowledged is told the same once more.
async fn click_again(shop: &TestShop, buyers: &[Person], replies: &[Reply]) -> Vec<Reply> {
    shop.clock.advance(A_WHILE);
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
async fn an_outage_between_two_clicks_loses_nothing() {
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
    assert!(maintenance::run(&shop.maintenance()).await.is_err(), "it says that it could not do its work");

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
    let placed = click_again(&shop, &buyers, &replies).await;
    shop.run_maintenance().await;
    shop.run_queues().await;
    are_paid_once(&shop, &stripe, &placed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_that_hands_over_costs_a_buyer_a_click_at_most() {
    let mongodb = OwnMongodb::start_set("hands-over", 3).await;
    let (shop, stripe) = open(&mongodb).await;
    let mug = shop.stock("MUG-1", 100).await;
    let buyers = buyers(&shop, &mug, 40).await;
    let replies = check_out_around(&buyers, Duration::from_millis(25), mongodb.step_down()).await;
    for reply in replies.iter().filter(|reply| reply.status.as_u16() != 201) {
        // The next primary may not know of a claim, or of stock that was held, that the last one had acknowledged alone.
        assert!(reply.status == 503 || reply.json["code"] == "idempotency_in_progress", "{reply:?}");
        assert!(reply.header("retry-after").is_some(), "{reply:?}");
    }

    let placed = click_again(&shop, &buyers, &replies).await;
    shop.run_maintenance().await;
    shop.run_queues().await;
    are_paid_once(&shop, &stripe, &placed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_that_lose_the_database_charge_nobody_twice() {
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

/// Not ended, but silent: its connections stay open, and nothing but the time tells.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_falls_silent_is_away_too() {
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
    assert!(started.elapsed() <= SOON, "{:?}", started.elapsed());

    mongodb.thaw();
    shop.clock.advance(A_WHILE);
    let placed = join_all(buyers.iter().map(|buyer| buyer.checkout("order"))).await;
    shop.run_queues().await;
    are_paid_once(&shop, &stripe, &placed).await;
}
