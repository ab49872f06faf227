//! The developer's commands: `cargo xtask --help`.
//!
//! Small on purpose, so that it is built in a moment: whatever needs the shop's code is another program that this one
//! starts.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a tool for the terminal")]

mod bench;
mod campaign;
mod mutants;
mod sam;
mod test;

use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus};

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Open the local shop: fetch what is missing, start everything, print the addresses
    Up {
        /// Return when the shop is open instead of staying until Ctrl-C
        #[arg(long)]
        detach: bool,
    },
    /// Close the local shop and stop exactly what was started
    Down {
        /// Also drop the data
        #[arg(long)]
        reset: bool,
    },
    /// Run every test on real components, which are started and stopped for it
    Test {
        /// Leave the components running for the next time
        #[arg(long)]
        keep: bool,
        /// Given to the test runner as they are
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Run races by the hundred on a replica set of three, and name the seeds of those that fail
    Campaign(campaign::Campaign),
    /// Take the safeguards out one by one, in a copy of the work tree, and see whether a test notices
    Mutants {
        /// Only these; all if none is named
        names: Vec<String>,
    },
    /// Measure what the shop promises about its speed
    #[command(subcommand)]
    Bench(bench::Bench),
    /// Write docs/openapi.json from the code
    Openapi {
        /// Only say whether it is up to date
        #[arg(long)]
        check: bool,
    },
    /// Build with SAM, start the API in Docker and try it
    Sam,
    /// Check the SAM template
    LintTemplate,
}

fn main() -> ExitCode {
    run(Arguments::parse().task).unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn run(task: Task) -> Result<ExitCode> {
    match task {
        Task::Up { detach } => local(&["up"], detach.then_some("--detach")),
        Task::Down { reset } => local(&["down"], reset.then_some("--reset")),
        Task::Test { keep, arguments } => test::run(keep, &arguments),
        Task::Campaign(campaign) => campaign.run(),
        Task::Mutants { names } => mutants::run(&names),
        Task::Bench(bench) => bench::run(&bench),
        Task::Openapi { check } => local(&["openapi"], check.then_some("--check")),
        Task::Sam => sam::run().map(|()| ExitCode::SUCCESS),
        Task::LintTemplate => sam::lint().map(|()| ExitCode::SUCCESS),
    }
}

fn local(arguments: &[&str], option: Option<&str>) -> Result<ExitCode> {
    eprintln!("building …");
    let status = cargo().args(RUN_LOCAL).args(arguments).args(option).status().context("cannot run cargo")?;
    Ok(exit_code(status))
}

/// Runs the `local` program. Named as a binary of the whole workspace, not as a package: the features of dependencies
/// are then those of the tests, and nothing is built twice.
const RUN_LOCAL: [&str; 4] = ["run", "--bin", "local", "--"];

fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// The folder of the workspace.
fn root() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest)
}

fn exit_code(status: ExitStatus) -> ExitCode {
    ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}
