//! Measurements: built like a release, run by hand, never by the tests.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Subcommand;

use crate::{cargo, exit_code, test};

/// What is measured.
#[derive(Subcommand)]
#[command(arg_required_else_help = true)]
pub(crate) enum Bench {
    /// Compare a checkout with a transaction by hand, and sell one product to many at once
    Checkout {
        /// Given to the measurement as they are; `-- --help` lists them
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

/// Builds and runs a measurement and answers as it does.
pub(crate) fn run(bench: &Bench) -> Result<ExitCode> {
    let Bench::Checkout { arguments } = bench;
    test::with_components(false, |addresses| {
        eprintln!("building as for a release …");
        let mut command = cargo();
        command.args(["run", "--profile", "bench", "--bin", "bench", "--"]).args(arguments);
        command.envs(test::variables(addresses));
        Ok(exit_code(command.status().context("cannot run cargo")?))
    })
}
