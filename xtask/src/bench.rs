//! Runs the benchmarks, with a release profile. They are not part of the tests.

use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Subcommand;

use crate::{cargo, exit_code, test};

/// The benchmarks.
#[derive(Subcommand)]
#[command(arg_required_else_help = true)]
pub(crate) enum Bench {
    /// Compare a checkout with a hand-written transaction, and sell one product to many concurrent buyers
    Checkout {
        /// Passed to the benchmark; `-- --help` lists them
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

/// Builds and runs a benchmark, and answers its exit code.
pub(crate) fn run(bench: &Bench) -> Result<ExitCode> {
    let Bench::Checkout { arguments } = bench;
    test::with_components(false, |addresses| {
        eprintln!("building with the bench profile …");
        let mut command = cargo();
        command.args(["run", "--profile", "bench", "--bin", "bench", "--"]).args(arguments);
        command.envs(test::variables(addresses));
        Ok(exit_code(command.status().context("cannot run cargo")?))
    })
}
