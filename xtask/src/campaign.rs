//! Runs the race campaigns: starts the program `tests/campaign` and the components that it uses.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Args;

use crate::{cargo, exit_code, test};

/// The options of the campaigns.
#[derive(Args)]
pub(crate) struct Campaign {
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
    /// Optimise the build, for long campaigns; takes longer to build
    #[arg(long)]
    release: bool,
}

impl Campaign {
    /// Runs the campaigns on the components of the tests, and answers their exit code.
    pub(crate) fn run(&self) -> Result<ExitCode> {
        if self.list {
            return self.start("");
        }
        test::with_components(false, |addresses| self.start(addresses))
    }

    fn start(&self, addresses: &str) -> Result<ExitCode> {
        let mut command = cargo();
        // With the profile of the tests, so that nothing is built twice.
        command.args(["run", "--bin", "campaign"]);
        if self.release {
            command.args(["--profile", "bench"]);
        }
        command.arg("--").args(&self.name).args(["--runs", &self.runs.to_string()]);
        for (option, value) in [("--seed", self.seed), ("--seconds", self.seconds)] {
            if let Some(value) = value {
                command.args([option, &value.to_string()]);
            }
        }
        command.args(self.list.then_some("--list"));
        command.envs(addresses.lines().filter_map(|line| line.split_once('=')));
        Ok(exit_code(command.status().context("cannot run cargo")?))
    }
}
