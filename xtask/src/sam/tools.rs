//! The SAM command line and Cargo Lambda: on the PATH, else fetched once.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use super::root;
use crate::python::{find, install};
use crate::tools;

/// Pinned, because each version has different lint rules.
const SAM: &str = "aws-sam-cli==1.170.0";
/// Includes Zig, which links for the C library of Lambda.
const CARGO_LAMBDA: &str = "cargo-lambda==1.9.2";

/// The PATH with the programs.
pub(super) struct Tools {
    path: OsString,
}

impl Tools {
    /// The tools of the linter.
    pub(super) fn without_cargo_lambda() -> Result<Self> {
        Self::ensure(&[("sam", SAM)])
    }

    /// The tools of a build.
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
        // First on the PATH, because Cargo Lambda finds its Zig with the Python of the same environment.
        let folders = std::iter::once(environment.join("bin")).chain(env::split_paths(&path));
        Ok(Self { path: env::join_paths(folders)? })
    }

    /// The SAM command line in the folder of the workspace: without telemetry, and with placeholders for region and
    /// credentials, so that it does not use the AWS configuration of this machine.
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
