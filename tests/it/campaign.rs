//! The runner of the campaigns: a failure ends alone, and its seed is enough to run it again.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use futures::FutureExt;
use tests::campaign::{Bounds, Campaign, Report, Run, run};

/// What each run drew first.
type Draws = Arc<Mutex<Vec<u64>>>;

/// Fails where the first draw is even, which the seed alone decides.
const FLIPS: Campaign<Draws> = Campaign {
    name: "flips",
    about: "a race that fails half of the time",
    race: |draws, run| {
        async move {
            let draw = run.random.below(1000);
            draws.lock().unwrap().push(draw);
            assert!(draw % 2 == 1, "the coin shows {draw}");
        }
        .boxed_local()
    },
};

async fn flip(seed: u64, runs: u64) -> (Report, Vec<u64>) {
    let draws = Draws::default();
    let report = run([&FLIPS], Arc::clone(&draws), seed, Bounds { runs, time: None }).await;
    let draws = draws.lock().unwrap().clone();
    (report, draws)
}

#[tokio::test]
async fn a_failed_run_is_reported_with_its_seed_and_stops_no_other() {
    let (report, draws) = flip(7, 40).await;
    let summary = &report.summaries[0];
    assert_eq!((summary.runs, draws.len()), (40, 40));
    let failed = draws.iter().filter(|draw| *draw % 2 == 0).count();
    assert!((1..40).contains(&failed) && summary.failures.len() == failed, "{draws:?}");
    assert!(!report.is_clean());

    let text = report.to_string();
    for failure in &summary.failures {
        let command = format!("cargo xtask campaign flips --runs 1 --seed {}\n", failure.seed);
        assert!(text.contains(&command), "{text}");
        // Typed again, it fails again, in the same way.
        let (again, _) = flip(failure.seed, 1).await;
        assert_eq!(again.summaries[0].failures, std::slice::from_ref(failure));
        assert!(text.contains(&failure.message), "{text}");
    }
}

#[tokio::test]
async fn all_runs_follow_from_one_seed() {
    let (_, draws) = flip(7, 20).await;
    assert_eq!(flip(7, 20).await.1, draws);
    assert_ne!(flip(8, 20).await.1, draws);
}

#[tokio::test]
async fn a_campaign_with_a_time_limit_has_at_least_one_run() {
    const SLOW: Campaign<()> = Campaign {
        name: "slow",
        about: "a race that takes its time",
        race: |(), _: Run| tokio::time::sleep(Duration::from_millis(50)).boxed_local(),
    };
    let started = Instant::now();
    for (millis, runs) in [(0, 1..=1), (120, 1..=3)] {
        let bounds = Bounds { runs: 1000, time: Some(Duration::from_millis(millis)) };
        let report = run([&SLOW], (), 1, bounds).await;
        assert!(report.is_clean() && runs.contains(&report.summaries[0].runs), "{report}");
    }
    assert!(started.elapsed() < Duration::from_secs(30));
}
