//! What a checkout costs, on a real MongoDB: `cargo xtask bench checkout`.
//!
//! Every figure is a ratio of two things that ran in turns in this run, so that it means the same on any machine. The bars
//! stand beside the figures; see docs/BENCHMARKS.md.
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
mod report;
mod sqs;
mod world;

use std::process::ExitCode;

use crate::{report::Report, world::World};
use clap::Parser;

/// How `cargo xtask bench` tells where MongoDB is.
const MONGODB_URI: &str = "TEST_MONGODB_URI";

#[derive(Parser)]
#[command(name = "cargo xtask bench checkout", about = "Measure the checkout against a hand-written transaction")]
struct Arguments {
    /// Also compare 1,000 with 1,000,000 past orders: takes minutes, and some gigabytes while it runs
    #[arg(long)]
    growth: bool,
    /// How many past orders the larger shop of `--growth` has
    #[arg(long, value_name = "ORDERS", default_value_t = 1_000_000)]
    past_orders: usize,
    /// Only these
    #[arg(long, value_enum)]
    only: Vec<Part>,
    /// Fail if a bar is not met
    #[arg(long)]
    strict: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    Latency,
    Hot,
    Growth,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let wants = |part: Part| {
        let asked = arguments.only.is_empty() && (part != Part::Growth || arguments.growth);
        asked || arguments.only.contains(&part)
    };
    let mongodb = std::env::var(MONGODB_URI).expect("run by `cargo xtask bench`");
    let mut report = Report::default();
    let world = World::open(&mongodb, "bench").await;
    report.introduce(&world).await;
    if wants(Part::Latency) {
        latency::measure(&world, &mut report).await;
    }
    if wants(Part::Hot) {
        hot::measure(&mongodb, &world, &mut report).await;
    }
    if wants(Part::Growth) {
        growth::measure(&mongodb, &world, arguments.past_orders, &mut report).await;
    }
    world.drop().await;
    if report.finish() || !arguments.strict { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
