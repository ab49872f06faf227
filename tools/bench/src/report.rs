//! The results, and whether they meet their bars.

use std::time::Duration;

use crate::world::World;

/// The times of one measurement.
#[derive(Clone, Debug, Default)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn push(&mut self, took: Duration) {
        self.0.push(took);
    }

    pub(crate) fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// The times without the first few.
    pub(crate) fn without_first(&self, few: usize) -> Self {
        Self(self.0.iter().skip(few).copied().collect())
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The time that this share of all (in hundredths) did not exceed, in milliseconds.
    pub(crate) fn percentile(&self, hundredths: usize) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() * hundredths).div_ceil(100).max(1);
        sorted.get(rank - 1).map_or(f64::NAN, |took| took.as_secs_f64() * 1000.0)
    }
}

/// Prints the results, and records the bars that were not met.
#[derive(Debug)]
pub(crate) struct Report {
    round_trip: Duration,
    is_introduced: bool,
    bars: usize,
    missed: Vec<String>,
}

impl Report {
    /// `round_trip` is the additional round-trip time to the database.
    pub(crate) fn new(round_trip: Duration) -> Self {
        Self { round_trip, is_introduced: false, bars: 0, missed: Vec::new() }
    }

    pub(crate) async fn introduce(&mut self, world: &World) {
        if std::mem::replace(&mut self.is_introduced, true) {
            return;
        }
        let status = world.server_status().await;
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        println!(
            "MongoDB {}, a replica set of one; {cores} cores for server and shop together; load before: {}",
            status.get_str("version").unwrap(),
            load.split(' ').next().unwrap_or("unknown"),
        );
        if self.round_trip.is_zero() {
            println!("No network: the database is on loopback.");
        } else {
            println!(
                "The round trip to the database takes {:?} longer than over loopback, for both sides.",
                self.round_trip
            );
        }
        println!("Messages go to an SQS stub in this process, so the results do not include SQS.");
    }

    #[expect(clippy::unused_self, reason = "printing is what a report does")]
    pub(crate) fn title(&self, title: &str) {
        println!("\n{title}\n{:<46}{:>12}{:>12}{:>10}", "", "p50", "p99", "samples");
    }

    #[expect(clippy::unused_self, reason = "printing is what a report does")]
    pub(crate) fn times(&self, name: &str, times: &Times) {
        let (p50, p99) = (times.percentile(50), times.percentile(99));
        println!("{name:<46}{p50:>9.2} ms{p99:>9.2} ms{:>10}", times.count());
    }

    /// Whether there is a simulated network between the shop and its database.
    pub(crate) fn has_network(&self) -> bool {
        !self.round_trip.is_zero()
    }

    pub(crate) fn at_most(&mut self, what: &str, figure: f64, bar: f64) {
        self.bar(&format!("{what}: {figure:.2}, bar ≤ {bar}"), figure <= bar);
    }

    pub(crate) fn at_least(&mut self, what: &str, figure: f64, bar: f64) {
        self.bar(&format!("{what}: {figure:.2}, bar ≥ {bar}"), figure >= bar);
    }

    fn bar(&mut self, line: &str, met: bool) {
        println!("→ {line}: {}", if met { "met" } else { "NOT MET" });
        self.bars += 1;
        if !met {
            self.missed.push(line.to_owned());
        }
    }

    /// Whether every bar was met.
    pub(crate) fn finish(&self) -> bool {
        println!("\n{} of {} bars met", self.bars - self.missed.len(), self.bars);
        self.missed.is_empty()
    }
}
