//! Carts, prices, cancellations and time change while buyers check out. An order always has the prices that the catalogue had
//! at some moment, no unit of a cart is lost, and only orders that are delivered stay paid.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use shared::domain::order::{Order, OrderStatus};
use tests::{Person, Reply, at_once, campaign::Run};

use crate::{
    Arena,
    scene::{Scene, is_in_progress},
};

const BUYERS: usize = 40;
/// Longer than the time that an unpaid order has.
const AFTER_EXPIRY: Duration = Duration::from_secs(31 * 60);
/// How often a buyer sends a request until it is decided.
const MAX_ATTEMPTS: usize = 100;

pub(crate) async fn race(arena: Arena, run: Run) {
    let scene = Scene::open(&arena, run.clone()).await;
    let seller = scene.seller("grace").await;
    let mug = scene.product_of(&seller, "MUG-1", json!({"inventory": {"quantity": 900}})).await;
    let pot = scene.stock("POT-1", 900).await;
    let buyers = scene.crowd(BUYERS, |_| (vec![(mug.as_str(), 1)], None)).await;

    let prices = Mutex::new(vec![1000]);
    let is_over = AtomicBool::new(false);
    let checkouts = async {
        let outcomes = at_once(buyers.iter().cloned().map(|buyer| {
            let (run, pot) = (run.clone(), pot.clone());
            async move { shop_around(&run, buyer, pot).await }
        }))
        .await;
        is_over.store(true, Ordering::SeqCst);
        outcomes
    };
    let pricing = async {
        while !is_over.load(Ordering::SeqCst) {
            let price = run.between(500, 2000);
            prices.lock().unwrap().push(price);
            let change = json!({"price": {"regular": price}});
            run.tally.record(&seller.patch(&format!("/v1/products/{mug}"), change).await);
            tokio::time::sleep(run.pause(400)).await;
        }
    };
    let working = async {
        while !is_over.load(Ordering::SeqCst) {
            tokio::time::sleep(run.pause(20)).await;
            scene.deliver(&scene.enqueued("payment.requested").await).await;
        }
    };
    let expiry = async {
        tokio::time::sleep(run.pause(1500)).await;
        scene.clock.advance(AFTER_EXPIRY);
        scene.run_maintenance().await;
    };
    let (outcomes, ((), (), ())) = futures::join!(checkouts, async { futures::join!(pricing, working, expiry) });

    let prices = prices.into_inner().unwrap();
    for order in scene.all::<Order>("orders").await {
        for item in order.items.iter().filter(|item| item.sku.as_str() == "MUG-1") {
            assert!(prices.contains(&item.price.minor()), "order {}: {:?} was never its price", order.id, item.price);
        }
    }
    for (buyer, outcome) in buyers.iter().zip(&outcomes) {
        nothing_is_lost(buyer, outcome).await;
    }
    scene.close().await;
    for order in scene.all::<Order>("orders").await {
        assert!(matches!(order.status, OrderStatus::Processing | OrderStatus::Cancelled), "{:?}", order.status);
    }
}

/// The answers to a buyer.
struct Outcome {
    placed: Reply,
    added: Reply,
    cancelled: Option<Reply>,
}

/// Checks out, adds a pot to the cart at about the same time, and may cancel.
async fn shop_around(run: &Run, buyer: Person, pot: String) -> Outcome {
    let [before, until_added, until_cancelled] = [run.pause(800), run.pause(400), run.pause(200)];
    let wants_to_cancel = run.flips_heads();
    tokio::time::sleep(before).await;
    let adding = async {
        tokio::time::sleep(until_added).await;
        buyer.add_to_cart(&pot, 1).await
    };
    let (placed, added) = futures::join!(check_out(run, &buyer), adding);
    let mut cancelled = None;
    if wants_to_cancel && placed.status == 201 {
        tokio::time::sleep(until_cancelled).await;
        let path = format!("/v1/orders/{}/cancel", placed.id());
        cancelled = Some(buyer.request("POST", &path).key("cancel").send().await);
    }
    for reply in [&placed, &added].into_iter().chain(&cancelled) {
        run.tally.record(reply);
    }
    Outcome { placed, added, cancelled }
}

/// Retries with the same key while the answer is that a request is in progress. Moving the clock can expire the reservation
/// of a checkout in progress, which maintenance then releases.
async fn check_out(run: &Run, buyer: &Person) -> Reply {
    let mut reply = buyer.checkout("order").await;
    for _ in 0..MAX_ATTEMPTS {
        if !is_in_progress(&reply) {
            break;
        }
        run.tally.record(&reply);
        tokio::time::sleep(run.pause(100)).await;
        reply = buyer.checkout("order").await;
    }
    reply
}

/// Every unit is in the order or still in the cart, and every refusal is one of the contract.
async fn nothing_is_lost(buyer: &Person, outcome: &Outcome) {
    let Outcome { placed, added, cancelled } = outcome;
    let is_unavailable = |reply: &Reply| reply.status == 503;
    if [placed, added].into_iter().any(is_unavailable) {
        return;
    }
    added.is(200);
    let cart = buyer.get("/v1/cart").await;
    cart.is(200);
    let lines = |reply: &Reply| reply.json["items"].as_array().map_or(0, Vec::len);
    if placed.status == 201 {
        assert_eq!(lines(placed) + lines(&cart), 2, "{} and {}", placed.json, cart.json);
    } else {
        placed.is_problem(409, "conflict");
        assert_eq!(lines(&cart), 2, "{}", cart.json);
    }
    if let Some(cancelled) = cancelled
        && cancelled.status != 200
        && !is_unavailable(cancelled)
    {
        cancelled.is_problem(409, "order_not_cancellable");
        assert_ne!(cancelled.json["detail"], Value::Null);
    }
}
