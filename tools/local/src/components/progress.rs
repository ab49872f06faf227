//! Shows the progress of a slow step: a spinner on a terminal, plain lines elsewhere.

use std::io::{IsTerminal as _, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// A slow step in progress.
#[derive(Debug)]
pub(crate) struct Step {
    label: String,
    bar: Option<ProgressBar>,
    since: Instant,
}

impl Step {
    /// Begins to show the step.
    #[must_use]
    pub(crate) fn begin(label: &str) -> Self {
        let bar = stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner().with_message(label.to_owned());
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        if bar.is_none() {
            eprintln!("{label} …");
        }
        Self { label: label.to_owned(), bar, since: Instant::now() }
    }

    /// Shows the progress of the step, on a terminal only.
    pub(crate) fn update(&self, text: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{}: {text}", self.label));
        }
    }

    /// Completes the step.
    pub(crate) fn done(self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        eprintln!("{}: done in {} s", self.label, self.since.elapsed().as_secs().max(1));
    }
}
