//! A progress bar on the terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A bar with rate and remaining time. Drawn only if the output is a terminal.
pub(crate) struct Bar(ProgressBar);

impl Bar {
    /// A bar for this many `things`.
    pub(crate) fn new(total: u64, things: &str) -> Self {
        let template =
            format!("{{bar:36}} {{human_pos}} of {{human_len}} {things}, {{per_sec:.0}}, {{eta}} left {{wide_msg}}");
        Self::with(ProgressBar::new(total), &template)
    }

    /// A bar for the bytes of a file, or of a stream of unknown length.
    pub(crate) fn of_bytes(total: Option<u64>) -> Self {
        match total {
            Some(total) => Self::with(
                ProgressBar::new(total),
                "{bar:36} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left {wide_msg}",
            ),
            None => Self::with(ProgressBar::no_length(), "{spinner} {bytes}, {bytes_per_sec} {wide_msg}"),
        }
    }

    fn with(bar: ProgressBar, template: &str) -> Self {
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.progress_chars("█▉▊▋▌▍▎▏ "));
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }

    pub(crate) fn advance(&self, by: u64) {
        self.0.inc(by);
    }

    pub(crate) fn say(&self, message: String) {
        self.0.set_message(message);
    }

    /// Hides the bar while `print` runs.
    pub(crate) fn suspend(&self, print: impl FnOnce()) {
        self.0.suspend(print);
    }

    /// Removes the bar.
    pub(crate) fn finish(&self) {
        self.0.finish_and_clear();
    }
}
