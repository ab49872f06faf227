//! The SAM command line and Cargo Lambda: those of the machine, else fetched once into an ignored folder.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::root;
use crate::python::{find, install};
use crate::tools;

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
        let environment = tools()?.join("sam-venv");
        let missing: Vec<_> = programs
            .iter()
            .filter(|(program, _)| !environment.join("bin").join(program).exists())
            .map(|(_, package)| *package)
            .collect();
        if !missing.is_empty() {
            eprintln!("fetching {} (once) …", missing.join(" and "));
            let missing: Vec<_> = missing.into_iter().map(OsStr::new).collect();
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
