//! Programs from the Python package index, each in its own virtual environment.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

/// The program of this name on the PATH.
pub(crate) fn find(program: &str, path: &OsString) -> Option<PathBuf> {
    env::split_paths(path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Installs packages, given as arguments of pip, into a virtual environment, which is created if missing.
pub(crate) fn install(environment: &Path, packages: &[&OsStr]) -> Result<()> {
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
        bail!("pip cannot install into {}", environment.display());
    }
    Ok(())
}
