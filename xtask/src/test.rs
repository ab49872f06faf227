//! Runs every test of the workspace, on components of their own.

use std::fs::{self, File};
use std::process::{ExitCode, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::{cargo, exit_code, local, state};

/// Runs the tests on the components, and answers their exit code.
pub(crate) fn run(keep: bool, arguments: &[String]) -> Result<ExitCode> {
    with_components(keep, |addresses| {
        let has_nextest = cargo().args(["nextest", "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
        let mut tests = cargo();
        if has_nextest.is_ok_and(|status| status.success()) {
            tests.args(["nextest", "run", "--workspace"]);
        } else {
            // The tests that nextest runs: it has no documentation tests.
            tests.args(["test", "--workspace", "--lib", "--bins", "--tests"]);
        }
        tests.args(arguments);
        tests.envs(variables(addresses));
        Ok(exit_code(tests.status().context("cannot run cargo")?))
    })
}

/// The variables with the components' URLs.
pub(crate) fn variables(addresses: &str) -> impl Iterator<Item = (&str, &str)> {
    addresses.lines().filter_map(|line| line.split_once('='))
}

/// Starts the components, passes their URLs as lines of `NAME=VALUE`, and stops the components, unless `keep` is set or
/// another run still uses them.
pub(crate) fn with_components<T>(keep: bool, what: impl FnOnce(&str) -> Result<T>) -> Result<T> {
    let users = user_lock()?;
    users.lock_shared()?;
    eprintln!("building the tests' components …");
    let outcome = components("up").and_then(|addresses| what(&addresses));
    users.unlock()?;
    if !keep && users.try_lock().is_ok() {
        components("down")?;
    }
    outcome
}

/// The lock that every test run on these components shares: the run that gets it exclusively is the last one.
fn user_lock() -> Result<File> {
    let folder = state()?.join("test");
    fs::create_dir_all(&folder)?;
    Ok(File::create(folder.join("users.lock"))?)
}

fn components(action: &str) -> Result<String> {
    let mut command = local(&state()?)?;
    command.args(["components", "--profile", "test", action]);
    let output = command.stderr(Stdio::inherit()).output().context("cannot run cargo")?;
    if !output.status.success() {
        bail!("the components of the tests: {action} failed");
    }
    Ok(String::from_utf8(output.stdout)?)
}
