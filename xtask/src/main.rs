//! The developer's commands: `cargo xtask --help`.
//!
//! Small, so that it builds quickly: commands that need the code of the shop are programs that this one starts.
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
    /// Start the local shop and print its URLs; fetches missing tools first
    Up {
        /// Return when the shop is running, instead of waiting for Ctrl-C
        #[arg(long)]
        detach: bool,
        /// The port of the API, or 0 for any free one; overrides the variable SHOP_PORT. Default: 9000
        #[arg(long)]
        port: Option<u16>,
        #[command(flatten)]
        state: State,
    },
    /// Stop the local shop and the components that were started
    Down {
        /// Also delete the data
        #[arg(long)]
        reset: bool,
        #[command(flatten)]
        state: State,
    },
    /// Run every test on real components, which are started and stopped automatically
    Test {
        /// Keep the components running for the next run
        #[arg(long)]
        keep: bool,
        /// Passed to the test runner
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Run race campaigns on a replica set of three, and print the seeds of failed runs
    Campaign(campaign::Campaign),
    /// Run the mutation tests: each safeguard is removed in a copy of the work tree, and a test must fail
    Mutants {
        /// Only these mutants; default: all
        names: Vec<String>,
    },
    /// Measure the performance of the shop
    #[command(subcommand)]
    Bench(bench::Bench),
    /// Generate docs/openapi.json from the code
    Openapi {
        /// Only check whether it is up to date
        #[arg(long)]
        check: bool,
    },
    /// Check that every dependency is used, allowed and without known vulnerabilities
    Dependencies(dependencies::Dependencies),
    /// Build and package the operator's command line into target/dist
    Dist(dist::Dist),
    /// Build with SAM, start the API in Docker and run a smoke test
    Sam,
    /// Lint the SAM template
    LintTemplate,
}

/// Selects one of several local shops.
#[derive(Args)]
struct State {
    /// The state folder: data, logs and URLs; overrides the variable SHOP_STATE. Default: .local in the workspace
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
    // With the operator's command line, whose path `local` prints.
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

/// The `local` program with this state folder. All state folders share the fetched tools.
fn local(state: &Path) -> Result<Command> {
    let mut command = cargo();
    command.args(RUN_LOCAL).arg("--state").arg(state).env("SHOP_LOCAL_CACHE", tools()?);
    Ok(command)
}

/// Runs the `local` program. Selected by binary and not by package, so that dependencies have the features of the tests
/// and are not built twice.
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

/// The state folder: data, logs and URLs of the shop and of the tests.
fn state() -> Result<PathBuf> {
    given_folder("SHOP_STATE").map_or_else(|| Ok(root().join(".local")), |folder| absolute(&folder))
}

/// The folder of fetched tools.
fn tools() -> Result<PathBuf> {
    given_folder("SHOP_LOCAL_CACHE").map_or_else(|| Ok(root().join(".local")), |folder| absolute(&folder))
}

fn given_folder(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).filter(|folder| !folder.is_empty()).map(PathBuf::from)
}

/// Relative to the current folder, because the programs are started in the folder of the workspace.
fn absolute(folder: &Path) -> Result<PathBuf> {
    std::path::absolute(folder).with_context(|| format!("{} is not a folder", folder.display()))
}

fn exit_code(status: ExitStatus) -> ExitCode {
    ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}
