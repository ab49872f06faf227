//! The SAM command line and Cargo Lambda: those of the machine, else fetched once into an ignored folder.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use super::root;

/// Fixed, because each version brings lint rules of its own.
const SAM: &str = "aws-sam-cli==1.170.0";
/// Brings Zig, which links for the C library of Lambda instead of this machine's.
const CARGO_LAMBDA: &str = "cargo-lambda==1.9.2";

/// Where the programs are.
pub(super) struct Tools {
    path: OsString,
}

impl Tools {
    /// What the linter needs.
    pub(super) fn without_cargo_lambda() -> Result<Self> {
        Self::ensure(&[("sam", SAM)])
    }

    /// What a build needs.
    pub(super) fn with_cargo_lambda() -> Result<Self> {
        Self::ensure(&[("sam", SAM), ("cargo-lambda", CARGO_LAMBDA)])
    }

    fn ensure(programs: &[(&str, &str)]) -> Result<Self> {
        let path = env::var_os("PATH").unwrap_or_default();
        if programs.iter().all(|(program, _)| find(program, &path).is_some()) {
            return Ok(Self { path });
        }
        let cache = env::var_os("SHOP_LOCAL_CACHE").filter(|folder| !folder.is_empty());
        let environment = cache.map_or_else(|| root().join(".local"), PathBuf::from).join("sam-venv");
        let missing: Vec<_> = programs
            .iter()
            .filter(|(program, _)| !environment.join("bin").join(program).exists())
            .map(|(_, package)| *package)
            .collect();
        if !missing.is_empty() {
            install(&environment, &missing)?;
        }
        // In front, for all of it: Cargo Lambda finds its Zig through the Python beside it.
        let folders = std::iter::once(environment.join("bin")).chain(env::split_paths(&path));
        Ok(Self { path: env::join_paths(folders)? })
    }

    /// The SAM command line in the workspace's folder: without telemetry, and with the region and the credentials of
    /// nobody, so that nothing of this machine's AWS configuration is used or changed.
    pub(super) fn sam(&self) -> Command {
        let program = find("sam", &self.path).unwrap_or_else(|| PathBuf::from("sam"));
        let mut command = Command::new(program);
        command.current_dir(root()).env("PATH", &self.path);
        command.env("SAM_CLI_TELEMETRY", "0").env("AWS_DEFAULT_REGION", "us-east-1").env("AWS_REGION", "us-east-1");
        command.env("AWS_ACCESS_KEY_ID", "local").env("AWS_SECRET_ACCESS_KEY", "local");
        command.env_remove("AWS_PROFILE").env_remove("AWS_SESSION_TOKEN");
        command
    }
}

/// The program of this name on the PATH.
pub(super) fn find(program: &str, path: &OsString) -> Option<PathBuf> {
    env::split_paths(path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

fn install(environment: &Path, packages: &[&str]) -> Result<()> {
    eprintln!("fetching {} (once) …", packages.join(" and "));
    let python = environment.join("bin/python3");
    if !python.exists() {
        let status = Command::new("python3").args(["-m", "venv"]).arg(environment).status();
        if !status.context("there is no python3 on the PATH")?.success() {
            bail!("Python cannot make a virtual environment: install its venv module (on Debian: python3-venv)");
        }
    }
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]).args(packages);
    if !pip.stdout(Stdio::inherit()).status()?.success() {
        bail!("pip cannot install {}", packages.join(" and "));
    }
    Ok(())
}
