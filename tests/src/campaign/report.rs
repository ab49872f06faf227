//! The result of a series of campaigns.

use std::{fmt, time::Duration};

/// The results of all campaigns, with the commands that repeat failures.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// One for each campaign.
    pub summaries: Vec<Summary>,
}

/// The result of one campaign.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Its name.
    pub campaign: &'static str,
    /// How many runs were made.
    pub runs: u64,
    /// How many orders were placed.
    pub orders: u64,
    /// How many requests were refused.
    pub refused: u64,
    /// How many were answered 503.
    pub unavailable: u64,
    /// How long it took.
    pub took: Duration,
    /// The runs that failed.
    pub failures: Vec<Failure>,
}

/// A run that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Its seed.
    pub seed: u64,
    /// Its panic message.
    pub message: String,
}

impl Report {
    /// Whether no run failed.
    pub fn is_clean(&self) -> bool {
        self.summaries.iter().all(|summary| summary.failures.is_empty())
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.failures.len() {
            0 => "passed".to_owned(),
            failed => format!("{failed} FAILED"),
        };
        let Self { campaign, runs, orders, refused, unavailable, took, .. } = self;
        let seconds = took.as_secs();
        write!(f, "{campaign:<18} {runs:>5} {orders:>8} {refused:>8} {unavailable:>8} {seconds:>6} s  {verdict}")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADING}")?;
        for summary in &self.summaries {
            writeln!(f, "{summary}")?;
        }
        for summary in &self.summaries {
            for Failure { seed, message } in &summary.failures {
                let name = summary.campaign;
                writeln!(
                    f,
                    "\n{name} failed with seed {seed}; again: cargo xtask campaign {name} --runs 1 --seed {seed}"
                )?;
                message.lines().try_for_each(|line| writeln!(f, "    {line}"))?;
            }
        }
        Ok(())
    }
}

/// The header of the summaries.
const HEADING: &str = "campaign            runs   orders  refused      503     time";
