//! A hot product: the orders per second of 200 concurrent buyers, each with its own process, as in Lambda.

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

const CONCURRENT_BUYERS: usize = 200;
const WINDOW: Duration = Duration::from_secs(20);
/// More buyers than a window can serve.
const PREPARED_BUYERS: usize = 6000;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sale {
    /// The shop, with one process per buyer, as in Lambda.
    Shop,
    /// A naive transaction of the driver, which each buyer retries.
    Naive,
}

#[derive(Default)]
struct Outcome {
    accepted: usize,
    refused: usize,
    slowest: Duration,
    aborted: i64,
}

/// The state that the buyers of a window share.
struct Window {
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
    // Forth and back, so that a machine that becomes slower affects both equally.
    for sale in [Sale::Naive, Sale::Shop, Sale::Shop, Sale::Naive] {
        let processes = match sale {
            Sale::Shop => world.processes(CONCURRENT_BUYERS).await,
            Sale::Naive => vec![world.clone(); CONCURRENT_BUYERS],
        };
        let outcome = window(world, &processes, sale, &hot[sale as usize], &template, number).await;
        number += PREPARED_BUYERS;
        let sum = &mut sums[sale as usize];
        sum.accepted += outcome.accepted;
        sum.refused += outcome.refused;
        sum.aborted += outcome.aborted;
        sum.slowest = sum.slowest.max(outcome.slowest);
    }
    let [shop, naive] = &sums;
    report.title("A hot product, 200 concurrent buyers");
    for (name, sum) in [("shop: whole checkouts", shop), ("naive: order and stock only", naive)] {
        println!(
            "  {name:<30} {:>8.1} orders/s ({} orders), {} refused, {:.1} aborted transactions per order, slowest {:.1} s",
            rate(sum.accepted),
            sum.accepted,
            sum.refused,
            ratio(sum.aborted, sum.accepted),
            sum.slowest.as_secs_f64(),
        );
    }
    report.at_least("orders/s ÷ naive", rate(shop.accepted) / rate(naive.accepted), 5.0);
}

/// Opens the connections before the first window.
async fn warm_up(world: &World, products: &[Product]) {
    let buyers = world.buyers(2 * CONCURRENT_BUYERS, products).await;
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
    let shared = Arc::new(Window {
        buyers: Mutex::new(world.buyers(PREPARED_BUYERS, std::slice::from_ref(hot)).await),
        next_number: AtomicUsize::new(number),
        accepted: AtomicUsize::new(0),
        refused: AtomicUsize::new(0),
        all_accepted: AtomicUsize::new(0),
        slowest: Mutex::default(),
    });
    let reserved = world.reserved(hot).await;
    let aborted = aborted_transactions(world).await;
    let until = Instant::now() + WINDOW;
    let mut selling = Vec::new();
    for process in processes.iter().take(CONCURRENT_BUYERS) {
        let (world, shared, template) = (process.clone(), Arc::clone(&shared), template.clone());
        selling.push(tokio::spawn(async move {
            buy(&world, sale, &shared, &template, until).await;
        }));
    }
    for buyer in selling {
        buyer.await.unwrap();
    }
    let all_accepted = i64::try_from(shared.all_accepted.load(Ordering::SeqCst)).unwrap();
    assert_eq!(
        world.reserved(hot).await - reserved,
        all_accepted,
        "the reserved units are those of the accepted orders"
    );
    let slowest = *shared.slowest.lock().unwrap();
    Outcome {
        accepted: shared.accepted.load(Ordering::SeqCst),
        refused: shared.refused.load(Ordering::SeqCst),
        slowest,
        aborted: aborted_transactions(world).await - aborted,
    }
}

/// Serves one buyer after another until the window ends.
async fn buy(world: &World, sale: Sale, shared: &Window, template: &Template, until: Instant) {
    while Instant::now() < until {
        let buyer = shared.buyers.lock().unwrap().pop().expect("more buyers than can be served");
        let started = Instant::now();
        let accepted = if sale == Sale::Shop {
            world.check_out(&buyer).await
        } else {
            let number = shared.next_number.fetch_add(1, Ordering::SeqCst);
            let writes = template.writes(&buyer, number, world);
            by_hand::place_naively(world, &writes).await.unwrap();
            true
        };
        let mut slowest = shared.slowest.lock().unwrap();
        *slowest = slowest.max(started.elapsed());
        if accepted {
            shared.all_accepted.fetch_add(1, Ordering::SeqCst);
        }
        // Orders after the window are not counted.
        if Instant::now() < until {
            (if accepted { &shared.accepted } else { &shared.refused }).fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// The number of aborted transactions. `metrics.operation.writeConflicts` does not count those of transactions.
async fn aborted_transactions(world: &World) -> i64 {
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
