//! Campaigns: a race that is run hundreds of times with different seeds.
//!
//! A run derives order, delays and quantities from its seed. Scheduling still differs between runs, so a seed
//! reproduces a failure with some probability only.

mod report;
mod runner;
mod tally;

use std::{sync::Arc, time::Duration};

use futures::future::LocalBoxFuture;
use shared::domain::Random;

pub(crate) use self::runner::text_of;
pub use self::{
    report::{Failure, Report, Summary},
    runner::{Bounds, run},
    tally::Tally,
};

/// A race with a name. `C` is its environment.
pub struct Campaign<C> {
    /// Its name on the command line.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
    /// One run; it fails by panicking.
    pub race: fn(C, Run) -> LocalBoxFuture<'static, ()>,
}

/// The random source of one run, and its counters.
#[derive(Clone, Debug)]
pub struct Run {
    /// The source of every random decision.
    pub random: Random,
    /// The counters.
    pub tally: Arc<Tally>,
}

impl Run {
    /// A run with this seed.
    pub fn new(seed: u64, tally: Arc<Tally>) -> Self {
        Self { random: Random::seeded(seed), tally }
    }

    /// A number from `low` to `high`.
    pub fn between(&self, low: i64, high: i64) -> i64 {
        low + i64::try_from(self.random.below(u64::try_from(high - low + 1).unwrap())).unwrap()
    }

    /// Whether a coin shows heads.
    pub fn flips_heads(&self) -> bool {
        self.random.below(2) == 0
    }

    /// A random delay of at most this number of milliseconds.
    pub fn pause(&self, most_millis: u64) -> Duration {
        Duration::from_micros(self.random.below(most_millis * 1000 + 1))
    }

    /// The items in random order.
    pub fn shuffled<T>(&self, things: impl IntoIterator<Item = T>) -> Vec<T> {
        let mut remaining: Vec<T> = things.into_iter().collect();
        let mut shuffled = Vec::with_capacity(remaining.len());
        while !remaining.is_empty() {
            let next = self.random.below(u64::try_from(remaining.len()).unwrap());
            shuffled.push(remaining.swap_remove(usize::try_from(next).unwrap()));
        }
        shuffled
    }
}
