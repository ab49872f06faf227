//! The command behind `cargo xtask up` and `down`, and the components behind `cargo xtask test`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a tool for the terminal")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::{Parser, Subcommand, ValueEnum};
use local::components::{Component, Components, Config, Profile};
use local::{serve, up};

#[derive(Parser)]
#[command(about = "The whole shop on one machine")]
struct Arguments {
    /// The folder of the data, logs and addresses; shops of different folders run side by side
    #[arg(long, global = true, value_name = "FOLDER", env = "SHOP_STATE", default_value = ".local")]
    state: PathBuf,
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
        /// The port of the API, 0 for any free one; wins over the variable SHOP_PORT. Default: 9000
        #[arg(long)]
        port: Option<u16>,
    },
    /// Close the shop and stop exactly what was started
    Down {
        /// Also drop the data
        #[arg(long)]
        reset: bool,
    },
    /// Start or stop components without the shop; `up` prints their addresses as NAME=VALUE
    Components {
        /// The shop's components or the tests'
        #[arg(long, value_enum, default_value = "dev")]
        profile: Profile,
        action: Action,
        /// Only these
        components: Vec<Component>,
    },
    /// Write the description of the API from the code
    Openapi {
        /// Only say whether it is up to date
        #[arg(long)]
        check: bool,
        /// Where it is written
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
        // Without the backtrace that `main` would add: these errors are for the person at the terminal.
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

/// The document is kept in the repository, so that frontend teams see what a change means for them.
fn openapi(path: &Path, check: bool) -> Result<()> {
    let written = format!("{}\n", local::shop::openapi().to_pretty_json()?);
    let name = path.display();
    if fs::read_to_string(path).is_ok_and(|kept| kept == written) {
        println!("{name} is up to date.");
    } else if check {
        bail!("{name} is not what the code says: run cargo xtask openapi and commit the result");
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
    // Nobody looks into the database of a test that has ended, and there is one for each.
    if config.profile == Profile::Test && data.exists() {
        fs::remove_dir_all(data)?;
    }
    Ok(())
}
