//! The latency of a whole checkout and of a hand-written transaction, one at a time.

use std::time::Instant;

use crate::{
    buyers::Buyer,
    by_hand::{self, Template, Writes},
    report::{Report, Times},
    world::World,
};

const BLOCK: usize = 25;
const BLOCKS_OF_EACH: usize = 28;
/// The first blocks open connections and fill caches.
const WARM_UP: usize = 4;

pub(crate) async fn measure(world: &World, report: &mut Report) {
    let template = Template::take(world).await;
    let (mut shop, mut hand) = (Times::default(), Times::default());
    let mut commands = [0; 2];
    for block in 0..BLOCKS_OF_EACH {
        let counts = block >= WARM_UP;
        // Alternating, so that a machine that becomes slower affects both equally.
        let order = if block % 2 == 0 { [true, false] } else { [false, true] };
        for is_shop in order {
            let buyers = world.buyers(BLOCK, &world.products).await;
            let before = commands_of(world).await;
            let took = if is_shop {
                by_shop(world, &buyers).await
            } else {
                let numbered = buyers.iter().enumerate();
                let writes: Vec<Writes> =
                    numbered.map(|(number, buyer)| template.writes(buyer, block * BLOCK + number, world)).collect();
                all_by_hand(world, &writes).await
            };
            if counts {
                commands[usize::from(!is_shop)] += commands_of(world).await - before;
                if is_shop { shop.extend(took) } else { hand.extend(took) }
            }
        }
    }
    report.title("Whole checkout beside the same documents in a transaction by hand, one at a time");
    report.times("checkout: handler, quote, reservation, commit, answer", &shop);
    report.times("by hand: transaction of the driver", &hand);
    for (index, (name, times)) in [("checkout", &shop), ("by hand", &hand)].into_iter().enumerate() {
        println!("  {name}: {:.1} operations of the database each", per(commands[index], times.count()));
    }
    println!("  ratio at p99: {:.2}", shop.percentile(99) / hand.percentile(99));
    let ratio = shop.percentile(50) / hand.percentile(50);
    if report.has_network() {
        report.at_most("checkout ÷ by hand, p50", ratio, 1.25);
    } else {
        println!("  checkout ÷ by hand, p50: {ratio:.2}; the bar applies over a network: --round-trip 1000");
    }
}

async fn by_shop(world: &World, buyers: &[Buyer]) -> Times {
    let mut times = Times::default();
    for buyer in buyers {
        let started = Instant::now();
        assert!(world.check_out(buyer).await, "there are no concurrent buyers");
        times.push(started.elapsed());
        // As in Lambda, which passes no further request before the tasks have ended.
        world.app.background.finished().await;
    }
    times
}

async fn all_by_hand(world: &World, writes: &[Writes]) -> Times {
    let mut times = Times::default();
    for writes in writes {
        let started = Instant::now();
        by_hand::place(world, writes).await.unwrap();
        times.push(started.elapsed());
    }
    times
}

/// The number of operations of the shop and of the hand-written transaction that the server has executed.
async fn commands_of(world: &World) -> i64 {
    let status = world.server_status().await;
    let commands = status.get_document("metrics").unwrap().get_document("commands").unwrap();
    let names = ["find", "insert", "update", "delete", "findAndModify", "aggregate", "commitTransaction"];
    names.iter().map(|name| commands.get_document(name).map_or(0, |count| count.get_i64("total").unwrap_or(0))).sum()
}

#[expect(clippy::cast_precision_loss, reason = "counts of a few thousand")]
fn per(count: i64, orders: usize) -> f64 {
    count as f64 / orders as f64
}
