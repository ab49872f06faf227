//! Measures the checkout on a real MongoDB: `cargo xtask bench checkout`.
//!
//! Every result is a ratio of two measurements that alternate in the same run, so that it is comparable between
//! machines. docs/BENCHMARKS.md explains the bars.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::float_arithmetic,
    clippy::needless_pass_by_value,
    reason = "a tool for the terminal: what cannot go on ends, and a ratio of times is no money"
)]

mod buyers;
mod by_hand;
mod growth;
mod hot;
mod latency;
mod network;
mod report;
mod world;

use std::{process::ExitCode, time::Duration};

use clap::Parser;
use shared::store::PoolSize;
use tokio::runtime::{Builder, Runtime};

use crate::{
    report::Report,
    world::{CROWD, Place, World},
};

/// The variable with which `cargo xtask bench` passes the connection string.
const MONGODB_URI: &str = "TEST_MONGODB_URI";

#[derive(Parser)]
#[command(name = "cargo xtask bench checkout", about = "Measure the checkout against a hand-written transaction")]
struct Arguments {
    /// Also compare shops with 1,000 and 1,000,000 past orders: takes minutes and some gigabytes of disk
    #[arg(long)]
    growth: bool,
    /// The number of past orders of the larger shop of `--growth`
    #[arg(long, value_name = "ORDERS", default_value_t = 1_000_000)]
    past_orders: usize,
    /// The additional round-trip time to the database
    #[arg(long, value_name = "MICROSECONDS", default_value_t = 0)]
    round_trip: u64,
    /// Only these measurements
    #[arg(long, value_enum)]
    only: Vec<Part>,
    /// Exit with 1 if a bar is not met
    #[arg(long)]
    strict: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    Latency,
    Hot,
    Growth,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let wants = |part: &Part| {
        let asked = arguments.only.is_empty() && (*part != Part::Growth || arguments.growth);
        asked || arguments.only.contains(part)
    };
    let round_trip = Duration::from_micros(arguments.round_trip);
    let mut mongodb = std::env::var(MONGODB_URI).expect("run by `cargo xtask bench`");
    if !round_trip.is_zero() {
        mongodb = futures::executor::block_on(network::start(&mongodb, round_trip));
    }
    let place = Place { mongodb, sqs: sqs_stub::start() };
    let mut report = Report::new(round_trip);
    for part in [Part::Latency, Part::Hot, Part::Growth].into_iter().filter(wants) {
        part.runtime().block_on(async {
            let world = World::open(&place, "bench", part.pool()).await;
            report.introduce(&world).await;
            match part {
                Part::Latency => latency::measure(&world, &mut report).await,
                Part::Hot => hot::measure(&world, &mut report).await,
                Part::Growth => growth::measure(&world, arguments.past_orders, &mut report).await,
            }
            world.drop().await;
        });
    }
    if report.finish() || !arguments.strict { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

impl Part {
    /// One thread for one request at a time, as in Lambda; all threads for concurrent buyers, as in the local shop.
    fn runtime(self) -> Runtime {
        let mut builder = if self == Self::Hot { Builder::new_multi_thread() } else { Builder::new_current_thread() };
        builder.enable_all().build().unwrap()
    }

    fn pool(self) -> PoolSize {
        if self == Self::Hot { CROWD } else { PoolSize::LAMBDA }
    }
}
