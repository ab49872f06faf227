//! The developer's commands: `cargo xtask --help`.
//!
//! Small on purpose, so that it is built in a moment: whatever needs the shop's code is another program that this one
//! starts.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a tool for the terminal")]

mod bench;
mod campaign;
mod dependencies;
mod dist;
mod mutants;
mod python;
mod sam;
mod test;

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus};

use anyhow::{Context as _, Result};
use clap::{Args, Parser, Subcommand};

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
        /// The port of the API, 0 for any free one; wins over the variable SHOP_PORT. Default: 9000
        #[arg(long)]
        port: Option<u16>,
        #[command(flatten)]
        state: State,
    },
    /// Close the local shop and stop exactly what was started
    Down {
        /// Also drop the data
        #[arg(long)]
        reset: bool,
        #[command(flatten)]
        state: State,
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
    /// Check that every dependency is used, allowed, and without known weakness
    Dependencies(dependencies::Dependencies),
    /// Build and pack the operator's tool into target/dist
    Dist(dist::Dist),
    /// Build with SAM, start the API in Docker and try it
    Sam,
    /// Check the SAM template
    LintTemplate,
}

/// The shop that is meant, where there are several.
#[derive(Args)]
struct State {
    /// The folder of its data, logs and addresses; wins over the variable SHOP_STATE. Default: .local in the workspace
    #[arg(long = "state", value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

fn main() -> ExitCode {
    run(Arguments::parse().task).unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

fn run(task: Task) -> Result<ExitCode> {
    match task {
        Task::Up { detach, port, state } => up(detach, port, state.folder),
        Task::Down { reset, state: State { folder } } => {
            run_local(&folder.map_or_else(state, |folder| absolute(&folder))?, &["down"], reset.then_some("--reset"))
        }
        Task::Test { keep, arguments } => test::run(keep, &arguments),
        Task::Campaign(campaign) => campaign.run(),
        Task::Mutants { names } => mutants::run(&names),
        Task::Bench(bench) => bench::run(&bench),
        Task::Openapi { check } => run_local(&state()?, &["openapi"], check.then_some("--check")),
        Task::Dependencies(dependencies) => dependencies.run(),
        Task::Dist(dist) => dist.run(),
        Task::Sam => sam::run().map(|()| ExitCode::SUCCESS),
        Task::LintTemplate => sam::lint().map(|()| ExitCode::SUCCESS),
    }
}

fn up(detach: bool, port: Option<u16>, folder: Option<PathBuf>) -> Result<ExitCode> {
    let folder = folder.map_or_else(state, |folder| absolute(&folder))?;
    eprintln!("building …");
    // The operator's tool too: an open shop is looked after with it, and `local` says where it is.
    let built = cargo().args(["build", "--bin", "local", "--bin", "ops"]).status().context("cannot run cargo")?;
    if !built.success() {
        return Ok(exit_code(built));
    }
    let mut command = local(&folder)?;
    command.arg("up").args(detach.then_some("--detach"));
    if let Some(port) = port {
        command.args(["--port", &port.to_string()]);
    }
    Ok(exit_code(command.status().context("cannot run cargo")?))
}

fn run_local(state: &Path, arguments: &[&str], option: Option<&str>) -> Result<ExitCode> {
    eprintln!("building …");
    let status = local(state)?.args(arguments).args(option).status().context("cannot run cargo")?;
    Ok(exit_code(status))
}

/// The `local` program with its state in this folder. What it fetches is shared by all of them.
fn local(state: &Path) -> Result<Command> {
    let mut command = cargo();
    command.args(RUN_LOCAL).arg("--state").arg(state).env("SHOP_LOCAL_CACHE", tools()?);
    Ok(command)
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

/// The folder of the shop's and the tests' data, logs and addresses.
fn state() -> Result<PathBuf> {
    given_folder("SHOP_STATE").map_or_else(|| Ok(root().join(".local")), |folder| absolute(&folder))
}

/// The folder of what is fetched.
fn tools() -> Result<PathBuf> {
    given_folder("SHOP_LOCAL_CACHE").map_or_else(|| Ok(root().join(".local")), |folder| absolute(&folder))
}

fn given_folder(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).filter(|folder| !folder.is_empty()).map(PathBuf::from)
}

/// As it is meant here: the programs are started in the workspace's folder.
fn absolute(folder: &Path) -> Result<PathBuf> {
    std::path::absolute(folder).with_context(|| format!("{} is no folder", folder.display()))
}

fn exit_code(status: ExitStatus) -> ExitCode {
    ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}
