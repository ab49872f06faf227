//! A hot product: how many of 200 concurrent buyers, each with a process of their own as in Lambda, get it each second.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use shared::domain::product::Product;

use crate::{
    buyers::Buyer,
    by_hand::{self, Template},
    report::Report,
    world::World,
};

const BUYERS_AT_ONCE: usize = 200;
const WINDOW: Duration = Duration::from_secs(20);
/// More than is sold in a window.
const PREPARED: usize = 6000;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sale {
    /// As many processes of the shop as buyers, as in Lambda.
    Shop,
    /// As many loops of the driver.
    Naive,
}

#[derive(Default)]
struct Outcome {
    accepted: usize,
    refused: usize,
    slowest: Duration,
    lost: i64,
}

/// What the buyers of a window share.
struct Queue {
    buyers: Mutex<Vec<Buyer>>,
    next_number: AtomicUsize,
    accepted: AtomicUsize,
    refused: AtomicUsize,
    all_accepted: AtomicUsize,
    slowest: Mutex<Duration>,
}

pub(crate) async fn measure(world: &World, report: &mut Report) {
    let template = Template::take(world).await;
    let (hot, others) = world.products.split_at(2);
    let mut sums: [Outcome; 2] = Default::default();
    let mut number = 1_000_000;
    warm_up(world, others).await;
    // Forth and back: what gets slower while it runs does so for both of what is compared.
    for sale in [Sale::Naive, Sale::Shop, Sale::Shop, Sale::Naive] {
        let processes = match sale {
            Sale::Shop => world.processes(BUYERS_AT_ONCE).await,
            Sale::Naive => vec![world.clone(); BUYERS_AT_ONCE],
        };
        let outcome = window(world, &processes, sale, &hot[sale as usize], &template, number).await;
        number += PREPARED;
        let sum = &mut sums[sale as usize];
        sum.accepted += outcome.accepted;
        sum.refused += outcome.refused;
        sum.lost += outcome.lost;
        sum.slowest = sum.slowest.max(outcome.slowest);
    }
    let [shop, naive] = &sums;
    report.title("A hot product, 200 concurrent buyers");
    for (name, sum) in [("shop: whole checkouts", shop), ("naive: order and stock only", naive)] {
        println!(
            "  {name:<30} {:>8.1} orders/s ({} orders), {} refused, {:.1} lost attempts for an order, slowest {:.1} s",
            rate(sum.accepted),
            sum.accepted,
            sum.refused,
            ratio(sum.lost, sum.accepted),
            sum.slowest.as_secs_f64(),
        );
    }
    report.at_least("orders/s ÷ naive", rate(shop.accepted) / rate(naive.accepted), 5.0);
}

/// Opens the connections, which would otherwise all be opened by the first window.
async fn warm_up(world: &World, products: &[Product]) {
    let buyers = world.buyers(2 * BUYERS_AT_ONCE, products).await;
    futures::future::join_all(buyers.iter().map(|buyer| world.check_out(buyer))).await;
}

async fn window(
    world: &World,
    processes: &[World],
    sale: Sale,
    hot: &Product,
    template: &Template,
    number: usize,
) -> Outcome {
    let queue = Arc::new(Queue {
        buyers: Mutex::new(world.buyers(PREPARED, std::slice::from_ref(hot)).await),
        next_number: AtomicUsize::new(number),
        accepted: AtomicUsize::new(0),
        refused: AtomicUsize::new(0),
        all_accepted: AtomicUsize::new(0),
        slowest: Mutex::default(),
    });
    let reserved = world.reserved(hot).await;
    let lost = lost(world).await;
    let until = Instant::now() + WINDOW;
    let mut selling = Vec::new();
    for process in processes.iter().take(BUYERS_AT_ONCE) {
        let (world, queue, template) = (process.clone(), Arc::clone(&queue), template.clone());
        selling.push(tokio::spawn(async move {
            buy(&world, sale, &queue, &template, until).await;
        }));
    }
    for buyer in selling {
        buyer.await.unwrap();
    }
    let all_accepted = i64::try_from(queue.all_accepted.load(Ordering::SeqCst)).unwrap();
    assert_eq!(world.reserved(hot).await - reserved, all_accepted, "the stock tells how many were sold");
    let slowest = *queue.slowest.lock().unwrap();
    Outcome {
        accepted: queue.accepted.load(Ordering::SeqCst),
        refused: queue.refused.load(Ordering::SeqCst),
        slowest,
        lost: self::lost(world).await - lost,
    }
}

/// One buyer after the other, until the window ends.
async fn buy(world: &World, sale: Sale, queue: &Queue, template: &Template, until: Instant) {
    while Instant::now() < until {
        let buyer = queue.buyers.lock().unwrap().pop().expect("more buyers than can be served");
        let started = Instant::now();
        let accepted = if sale == Sale::Shop {
            world.check_out(&buyer).await
        } else {
            let number = queue.next_number.fetch_add(1, Ordering::SeqCst);
            let writes = template.writes(&buyer, number, world);
            by_hand::place_naively(world, &writes).await.unwrap();
            true
        };
        let mut slowest = queue.slowest.lock().unwrap();
        *slowest = slowest.max(started.elapsed());
        if accepted {
            queue.all_accepted.fetch_add(1, Ordering::SeqCst);
        }
        // An order after the window does not count.
        if Instant::now() < until {
            (if accepted { &queue.accepted } else { &queue.refused }).fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// How many transactions were ever aborted. `metrics.operation.writeConflicts` does not count those of transactions.
async fn lost(world: &World) -> i64 {
    world.server_status().await.get_document("transactions").unwrap().get_i64("totalAborted").unwrap()
}

#[expect(clippy::cast_precision_loss, reason = "counts of a few thousand")]
fn rate(accepted: usize) -> f64 {
    accepted as f64 / (WINDOW.as_secs_f64() * 2.0)
}

#[expect(clippy::cast_precision_loss, reason = "counts of a few thousand")]
fn ratio(count: i64, of: usize) -> f64 {
    count as f64 / of as f64
}
