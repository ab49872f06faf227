//! The command behind `cargo xtask up` and `down`, and the components behind `cargo xtask test`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a tool for the terminal")]

use std::fs;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Parser, Subcommand, ValueEnum};
use local::components::{Component, Components, Config, Profile, workspace_root};
use local::stack::Stack;
use local::{serve, up};

#[derive(Parser)]
#[command(about = "The whole shop on one machine")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Fetch what is missing, start everything and open the shop
    Up {
        /// Return when the shop is open instead of staying until Ctrl-C
        #[arg(long)]
        detach: bool,
    },
    /// Close the shop and stop exactly what was started
    Down {
        /// Also drop the data
        #[arg(long)]
        reset: bool,
    },
    /// Start or stop components without the shop; `up` prints their addresses as NAME=VALUE
    Components {
        /// Whose components
        #[arg(long, value_enum, default_value = "dev")]
        profile: Profile,
        action: Action,
        /// Only these
        components: Vec<Component>,
    },
    /// Write docs/openapi.json from the code
    Openapi {
        /// Only say whether it is up to date
        #[arg(long)]
        check: bool,
    },
    /// Serve the shop on the components of `.local/stack.json`
    #[command(hide = true)]
    Serve,
}

#[derive(Clone, Copy, ValueEnum)]
enum Action {
    Up,
    Down,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        // Without the backtrace that `main` would add: these errors are for the person at the terminal.
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> Result<()> {
    match command {
        Command::Up { detach } => up::up(detach).await,
        Command::Down { reset } => up::down(reset).await,
        Command::Components { profile, action: Action::Up, components } => start(profile, &components).await,
        Command::Components { profile, action: Action::Down, components } => stop(profile, &components).await,
        Command::Openapi { check } => openapi(check),
        Command::Serve => serve::run(Stack::load()?).await,
    }
}

/// The document is kept in the repository, so that frontend teams see what a change means for them.
fn openapi(check: bool) -> Result<()> {
    let path = workspace_root().join("docs/openapi.json");
    let written = format!("{}\n", local::shop::openapi().to_pretty_json()?);
    if fs::read_to_string(&path).is_ok_and(|kept| kept == written) {
        println!("docs/openapi.json is up to date.");
    } else if check {
        bail!("docs/openapi.json is not what the code says: run cargo xtask openapi and commit the result");
    } else {
        fs::write(&path, written)?;
        println!("Wrote docs/openapi.json.");
    }
    Ok(())
}

async fn start(profile: Profile, components: &[Component]) -> Result<()> {
    let config = Config::from_env(profile)?;
    if components.is_empty() {
        for (name, value) in Components::ensure(&config).await?.environment(profile) {
            println!("{name}={value}");
        }
    }
    for component in components {
        Components::ensure_one(&config, *component).await?;
    }
    Ok(())
}

async fn stop(profile: Profile, components: &[Component]) -> Result<()> {
    let config = Config::from_env(profile)?;
    if !components.is_empty() {
        return Components::stop(&config, components).await.map(drop);
    }
    Components::stop(&config, &Component::ALL).await?;
    let data = config.folder.join("data");
    // Nobody looks into the database of a test that has ended, and there is one for each.
    if profile == Profile::Test && data.exists() {
        fs::remove_dir_all(data)?;
    }
    Ok(())
}
