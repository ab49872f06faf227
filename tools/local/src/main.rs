//! The program of `cargo xtask up` and `down`, and of the components of `cargo xtask test`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a tool for the terminal")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::{Parser, Subcommand, ValueEnum};
use local::components::{Component, Components, Config, Profile};
use local::{serve, up};

#[derive(Parser)]
#[command(about = "Runs the whole shop on one machine")]
struct Arguments {
    /// The state folder: data, logs and URLs. Shops with different state folders run side by side
    #[arg(long, global = true, value_name = "FOLDER", env = "SHOP_STATE", default_value = ".local")]
    state: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the shop, and fetch missing tools first
    Up {
        /// Return when the shop is running, instead of waiting for Ctrl-C
        #[arg(long)]
        detach: bool,
        /// The port of the API, or 0 for any free one; overrides the variable SHOP_PORT. Default: 9000
        #[arg(long)]
        port: Option<u16>,
    },
    /// Stop the shop and the components that were started
    Down {
        /// Also delete the data
        #[arg(long)]
        reset: bool,
    },
    /// Start or stop components without the shop; `up` prints their URLs as NAME=VALUE
    Components {
        /// The components of the shop or of the tests
        #[arg(long, value_enum, default_value = "dev")]
        profile: Profile,
        action: Action,
        /// Only these components; default: all
        components: Vec<Component>,
    },
    /// Write the OpenAPI description of the API
    Openapi {
        /// Only check whether the file is up to date
        #[arg(long)]
        check: bool,
        /// The file to write
        #[arg(default_value = "docs/openapi.json")]
        file: PathBuf,
    },
    /// Serve the shop on the components of `stack.json` in the state folder
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
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        // Without the backtrace that `main` would add.
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(Arguments { state, command }: Arguments) -> Result<()> {
    match command {
        Command::Up { detach, port } => {
            let mut config = Config::from_env(Profile::Dev, &state)?;
            config.ports.shop = port.unwrap_or(config.ports.shop);
            up::up(&config, detach).await
        }
        Command::Down { reset } => up::down(&Config::from_env(Profile::Dev, &state)?, reset).await,
        Command::Components { profile, action, components } => {
            let config = Config::from_env(profile, &state)?;
            match action {
                Action::Up => start(&config, &components).await,
                Action::Down => stop(&config, &components).await,
            }
        }
        Command::Openapi { check, file } => openapi(&file, check),
        Command::Serve => serve::run(&state).await,
    }
}

/// The document is in the repository, so that frontend teams see the changes of the API.
fn openapi(path: &Path, check: bool) -> Result<()> {
    let written = format!("{}\n", local::shop::openapi().to_pretty_json()?);
    let name = path.display();
    if fs::read_to_string(path).is_ok_and(|kept| kept == written) {
        println!("{name} is up to date.");
    } else if check {
        bail!("{name} is out of date: run cargo xtask openapi and commit the result");
    } else {
        fs::write(path, written).with_context(|| format!("cannot write {name}"))?;
        println!("Wrote {name}.");
    }
    Ok(())
}

async fn start(config: &Config, components: &[Component]) -> Result<()> {
    if components.is_empty() {
        for (name, value) in Components::ensure(config).await?.environment(config.profile) {
            println!("{name}={value}");
        }
    }
    for component in components {
        Components::ensure_one(config, *component).await?;
    }
    Ok(())
}

async fn stop(config: &Config, components: &[Component]) -> Result<()> {
    if !components.is_empty() {
        return Components::stop(config, components).await.map(drop);
    }
    Components::stop(config, &Component::ALL).await?;
    let data = config.folder.join("data");
    // The databases of ended tests are not needed any more.
    if config.profile == Profile::Test && data.exists() {
        fs::remove_dir_all(data)?;
    }
    Ok(())
}
