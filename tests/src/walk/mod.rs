//! A random walk over everything that moves money: customers, an administrator, workers, queues, the gateway, its dashboard
//! and the clock.
//!
//! A history is a list of steps, drawn from a seed, on a small shop with the real database and the strict double of Stripe.
//! After it, the world calms down and everything must end (`ending.rs`). A history that fails is shrunk to fewer steps.

mod ending;
mod history;
mod step;
mod world;

use std::panic::AssertUnwindSafe;

use futures::FutureExt;

pub use world::World;

use self::{history::draw, step::Step};
use crate::campaign::{Run, text_of};

/// How often a failed history is tried with fewer steps.
const SHRINK_ATTEMPTS: usize = 200;

/// Walks a history to its end, or to the first rule that does not hold.
async fn walk(world: &mut World, steps: &[Step]) -> Result<(), String> {
    let walked = async {
        world.begin().await;
        for step in steps {
            world.take(*step).await;
        }
        world.end().await;
    };
    let caught = AssertUnwindSafe(walked).catch_unwind().await;
    caught.map_err(|panic| text_of(&*panic))
}

/// Draws the history of a run and walks it. A failure is shrunk first: its message names the steps that are left.
pub async fn walk_once(world: &mut World, run: &Run) {
    let steps = draw(run);
    let walked = walk(world, &steps).await;
    run.tally.record_orders(world.orders.len() as u64);
    let Err(message) = walked else { return };
    let (steps, message) = shrink(world, steps, message).await;
    let listed: String = steps.iter().map(|step| format!("\n  {step:?}")).collect();
    panic!("{message}\nafter these steps:{listed}");
}

/// Removes steps without which the history fails too: halves first, single steps at last.
async fn shrink(world: &mut World, mut steps: Vec<Step>, mut message: String) -> (Vec<Step>, String) {
    let mut attempts = 0;
    let mut size = steps.len() / 2;
    while size > 0 && attempts < SHRINK_ATTEMPTS {
        let mut at = 0;
        while at < steps.len() && attempts < SHRINK_ATTEMPTS {
            let mut fewer = steps.clone();
            fewer.drain(at..(at + size).min(steps.len()));
            attempts += 1;
            match walk(world, &fewer).await {
                Err(failure) => (steps, message) = (fewer, failure),
                Ok(()) => at += size,
            }
        }
        size /= 2;
    }
    (steps, message)
}
