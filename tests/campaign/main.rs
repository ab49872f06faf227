//! The race campaigns, on a replica set of three: `cargo xtask campaign`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a run that cannot go on has failed, and its report is for the terminal"
)]

mod cancel_ship;
mod changing_checkout;
mod coupon_limit;
mod coupon_per_user;
mod guest_merge;
mod last_units;
mod money_walk;
mod one_key;
mod opposite_orders;
mod primary_killed;
mod scene;

use std::{process::ExitCode, sync::Arc, time::Duration};

use clap::Parser;
use shared::domain::Random;
use tests::{
    OwnMongodb,
    campaign::{self, Bounds, Campaign},
};

/// The environment of a campaign.
type Arena = Arc<OwnMongodb>;

const CAMPAIGNS: &[Campaign<Arena>] = &[
    Campaign {
        name: "last-unit",
        about: "500 buyers check out one unit",
        race: |arena, run| Box::pin(last_units::race(arena, run, 1)),
    },
    Campaign {
        name: "last-37",
        about: "500 buyers check out 37 units",
        race: |arena, run| Box::pin(last_units::race(arena, run, 37)),
    },
    Campaign {
        name: "opposite-orders",
        about: "500 buyers check out some of ten products, half of them in the opposite order",
        race: |arena, run| Box::pin(opposite_orders::race(arena, run)),
    },
    Campaign {
        name: "coupon-limit",
        about: "100 buyers check out with a coupon of five redemptions",
        race: |arena, run| Box::pin(coupon_limit::race(arena, run)),
    },
    Campaign {
        name: "coupon-per-user",
        about: "one person checks out 20 times at once with a coupon of one redemption per customer",
        race: |arena, run| Box::pin(coupon_per_user::race(arena, run)),
    },
    Campaign {
        name: "changing-checkout",
        about: "carts, prices, cancellations and time change while buyers check out and are charged",
        race: |arena, run| Box::pin(changing_checkout::race(arena, run)),
    },
    Campaign {
        name: "cancel-ship",
        about: "buyers cancel what the seller ships",
        race: |arena, run| Box::pin(cancel_ship::race(arena, run)),
    },
    Campaign {
        name: "guest-merge",
        about: "two logins at once take over one guest's cart",
        race: |arena, run| Box::pin(guest_merge::race(arena, run)),
    },
    Campaign {
        name: "one-key",
        about: "100 posts of one checkout with one Idempotency-Key",
        race: |arena, run| Box::pin(one_key::race(arena, run)),
    },
    Campaign {
        name: "primary-killed",
        about: "the primary of the database is killed while buyers check out and are charged",
        race: |arena, run| Box::pin(primary_killed::race(arena, run)),
    },
    Campaign {
        name: "money-walk",
        about: "random histories of everything that moves money, each to its end",
        race: |_, run| Box::pin(money_walk::walk(run)),
    },
];

#[derive(Parser)]
#[command(about = "Runs race campaigns", bin_name = "cargo xtask campaign")]
struct Arguments {
    /// Only this campaign
    name: Option<String>,
    /// The number of runs of each campaign
    #[arg(long, default_value_t = 200)]
    runs: u64,
    /// The seed of the first run of each campaign; random by default
    #[arg(long)]
    seed: Option<u64>,
    /// Start no run of a campaign later than this after its first
    #[arg(long)]
    seconds: Option<u64>,
    /// Only list the campaigns
    #[arg(long)]
    list: bool,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.list {
        CAMPAIGNS.iter().for_each(|campaign| println!("{:<18} {}", campaign.name, campaign.about));
        return ExitCode::SUCCESS;
    }
    let is_wanted = |campaign: &&Campaign<_>| arguments.name.as_deref().is_none_or(|name| name == campaign.name);
    let wanted: Vec<_> = CAMPAIGNS.iter().filter(is_wanted).collect();
    if wanted.is_empty() {
        eprintln!("error: there is no campaign of that name; see cargo xtask campaign --list");
        return ExitCode::FAILURE;
    }
    let seed = arguments.seed.unwrap_or_else(|| Random::from_os().below(u64::MAX));
    let bounds = Bounds { runs: arguments.runs, time: arguments.seconds.map(Duration::from_secs) };
    println!("every run follows from seed {seed}");
    eprintln!("starting a replica set of three …");
    let arena = Arc::new(OwnMongodb::start_set("campaign", 3).await);
    let report = tokio::select! {
        report = campaign::run(wanted, Arc::clone(&arena), seed, bounds) => Some(report),
        _ = tokio::signal::ctrl_c() => None,
    };
    let Some(report) = report else {
        eprintln!("stopped");
        return ExitCode::FAILURE;
    };
    print!("\n{report}");
    if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
