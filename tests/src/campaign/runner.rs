//! Runs campaigns one after the other. A failed run does not stop the others.

use std::{
    any::Any,
    io::{IsTerminal, stderr},
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{FutureExt, future::LocalBoxFuture};
use indicatif::{ProgressBar, ProgressStyle};

use super::{Campaign, Failure, Report, Run, Summary, Tally};

/// Longer than any run takes.
const RUN_TIMEOUT: Duration = Duration::from_secs(180);

/// The interval between progress lines without a terminal.
const REPORT_INTERVAL: Duration = Duration::from_secs(30);

/// How often each campaign is run.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The maximum number of runs.
    pub runs: u64,
    /// No run starts later than this after the first.
    pub time: Option<Duration>,
}

/// Runs every campaign in the same environment. The seed is that of the first run of each, and the others follow from it.
pub async fn run<C: Clone + 'static>(
    campaigns: impl IntoIterator<Item = &Campaign<C>>,
    place: C,
    seed: u64,
    bounds: Bounds,
) -> Report {
    let mut report = Report::default();
    for campaign in campaigns {
        report.summaries.push(run_one(campaign, &place, seed, bounds).await);
    }
    report
}

async fn run_one<C: Clone + 'static>(campaign: &Campaign<C>, place: &C, seed: u64, bounds: Bounds) -> Summary {
    let started = Instant::now();
    let tally = Arc::new(Tally::default());
    let mut progress = Progress::begin(campaign.name, campaign.about, bounds.runs);
    let mut failures = Vec::new();
    let mut runs = 0;
    let mut seed = seed;
    while runs < bounds.runs && (runs == 0 || bounds.time.is_none_or(|time| started.elapsed() < time)) {
        let race = (campaign.race)(place.clone(), Run::new(seed, Arc::clone(&tally)));
        if let Err(message) = outcome(race).await {
            progress.say(&format!("{}: the run with seed {seed} failed: {message}", campaign.name));
            failures.push(Failure { seed, message });
        }
        runs += 1;
        progress.record(runs, failures.len());
        seed = next(seed);
    }
    let summary = Summary {
        campaign: campaign.name,
        runs,
        orders: tally.orders(),
        refused: tally.refused(),
        unavailable: tally.unavailable(),
        took: started.elapsed(),
        failures,
    };
    progress.end(&summary);
    summary
}

async fn outcome(race: LocalBoxFuture<'static, ()>) -> Result<(), String> {
    match tokio::time::timeout(RUN_TIMEOUT, AssertUnwindSafe(race).catch_unwind()).await {
        Ok(outcome) => outcome.map_err(|panic| text_of(&*panic)),
        Err(_) => Err(format!("it did not end within {} s", RUN_TIMEOUT.as_secs())),
    }
}

/// The message of a panic.
pub(crate) fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "it panicked".to_owned())
}

/// The seed of the next run: SplitMix64, so that neighbouring seeds have nothing in common.
fn next(seed: u64) -> u64 {
    let mut mixed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// A bar on a terminal, plain lines elsewhere.
struct Progress {
    name: &'static str,
    runs: u64,
    bar: Option<ProgressBar>,
    last_report: Instant,
}

impl Progress {
    fn begin(name: &'static str, about: &str, runs: u64) -> Self {
        eprintln!("{name}: {about}");
        let bar = stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(runs);
            if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg} ({elapsed}, {eta} left)") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(250));
            bar
        });
        Self { name, runs, bar, last_report: Instant::now() }
    }

    fn record(&mut self, runs: u64, failed: usize) {
        let failed = if failed == 0 { String::new() } else { format!("{failed} failed") };
        if let Some(bar) = &self.bar {
            bar.set_position(runs);
            bar.set_message(failed);
        } else if self.last_report.elapsed() >= REPORT_INTERVAL {
            eprintln!("{}: {runs} of {} runs {failed}", self.name, self.runs);
            self.last_report = Instant::now();
        }
    }

    fn say(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| eprintln!("{text}")),
            None => eprintln!("{text}"),
        }
    }

    fn end(&self, summary: &Summary) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        eprintln!("{summary}");
    }
}
