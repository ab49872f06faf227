//! Two hundred at once want one product: how many get it each second, and what everybody else notices.

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
    latency::at_a_pace,
    report::{Report, Times},
    world::World,
};

const BUYERS_AT_ONCE: usize = 200;
/// Long enough that the moment when all of them arrive is not all that the others notice.
const WINDOW: Duration = Duration::from_secs(20);
/// More than anybody sells in a window.
const PREPARED: usize = 6000;
/// Somebody orders another product this often: a tenth of what the machine can do.
const OTHERS_EVERY: Duration = Duration::from_millis(50);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sale {
    /// Nobody wants the hot product.
    Quiet,
    /// One process of the shop sells it.
    Shop,
    /// As many processes as buyers, as in Lambda.
    Functions,
    Naive,
}

#[derive(Default)]
struct Outcome {
    accepted: usize,
    refused: usize,
    slowest: Duration,
    lost: i64,
    others: Times,
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
    let (hot, others) = world.products.split_at(3);
    let mut sums: [Outcome; 4] = Default::default();
    let mut number = 1_000_000;
    warm_up(world, others).await;
    // Forth and back: what gets slower while it runs does so for both of what is compared.
    let of_the_others = [Sale::Quiet, Sale::Shop, Sale::Shop, Sale::Quiet];
    let of_the_rate = [Sale::Naive, Sale::Functions, Sale::Functions, Sale::Naive];
    for sale in of_the_others.into_iter().chain(of_the_rate) {
        let (hot, processes) = match sale {
            Sale::Quiet | Sale::Shop => (&hot[0], vec![world.clone(); BUYERS_AT_ONCE]),
            Sale::Functions => (&hot[1], world.processes(BUYERS_AT_ONCE).await),
            Sale::Naive => (&hot[2], vec![world.clone(); BUYERS_AT_ONCE]),
        };
        let outcome = window(world, &processes, sale, hot, others, &template, number).await;
        number += PREPARED;
        let sum = &mut sums[sale as usize];
        sum.accepted += outcome.accepted;
        sum.refused += outcome.refused;
        sum.lost += outcome.lost;
        sum.slowest = sum.slowest.max(outcome.slowest);
        sum.others.extend(outcome.others);
    }
    let [quiet, shop, functions, naive] = &sums;
    report.title("Other products, 20 orders a second, while 200 at once order one product");
    report.times("nobody orders the hot product", &quiet.others);
    report.times("the shop sells it", &shop.others);
    report.times("200 processes of the shop sell it", &functions.others);
    report.times("naive transactions sell it", &naive.others);
    report.at_most("others' p99 ÷ their quiet p99", shop.others.percentile(99) / quiet.others.percentile(99), 1.5);
    println!("\nThe hot product, 200 buyers at once");
    let sales = [
        ("shop: whole checkouts", shop),
        ("the same in 200 processes", functions),
        ("naive: order and stock only", naive),
    ];
    for (name, sum) in sales {
        println!(
            "  {name:<30} {:>8.1} orders/s ({} orders), {} refused, {:.1} lost attempts for an order, slowest {:.1} s",
            rate(sum.accepted),
            sum.accepted,
            sum.refused,
            ratio(sum.lost, sum.accepted),
            sum.slowest.as_secs_f64(),
        );
    }
    println!("  200 processes ÷ naive: {:.2}", rate(functions.accepted) / rate(naive.accepted));
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
    others: &[Product],
    template: &Template,
    number: usize,
) -> Outcome {
    let count = if sale == Sale::Quiet { 0 } else { PREPARED };
    let queue = Arc::new(Queue {
        buyers: Mutex::new(world.buyers(count, std::slice::from_ref(hot)).await),
        next_number: AtomicUsize::new(number),
        accepted: AtomicUsize::new(0),
        refused: AtomicUsize::new(0),
        all_accepted: AtomicUsize::new(0),
        slowest: Mutex::default(),
    });
    let mut strangers = world.buyers(1000, others).await;
    let reserved = world.reserved(hot).await;
    let lost = lost(world).await;
    let until = Instant::now() + WINDOW;
    let mut selling = Vec::new();
    for process in processes.iter().take(if sale == Sale::Quiet { 0 } else { BUYERS_AT_ONCE }) {
        let (world, queue, template) = (process.clone(), Arc::clone(&queue), template.clone());
        selling.push(tokio::spawn(async move {
            buy(&world, sale, &queue, &template, until).await;
        }));
    }
    let times = at_a_pace(OTHERS_EVERY, until, || {
        let (world, stranger) = (world.clone(), strangers.pop().expect("enough of them"));
        async move { assert!(world.check_out(&stranger).await, "an order of another product is refused") }
    })
    .await;
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
        others: times,
    }
}

/// One place in the crowd: as soon as its buyer has ordered, the next one comes.
async fn buy(world: &World, sale: Sale, queue: &Queue, template: &Template, until: Instant) {
    while Instant::now() < until {
        let buyer = queue.buyers.lock().unwrap().pop().expect("more buyers than can be served");
        let started = Instant::now();
        let accepted = if sale != Sale::Naive {
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
        // Whoever is served after the window does not count, and how many that are does not depend on the window.
        if Instant::now() < until {
            (if accepted { &queue.accepted } else { &queue.refused }).fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// How many transactions were ever given up. `metrics.operation.writeConflicts` does not count those of transactions.
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
