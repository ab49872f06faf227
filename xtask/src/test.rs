//! Every test of the workspace, on components that no developer's shop shares.

use std::fs::{self, File};
use std::process::{ExitCode, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::{cargo, exit_code, local, state};

/// Runs the tests on the components and answers as the tests do.
pub(crate) fn run(keep: bool, arguments: &[String]) -> Result<ExitCode> {
    with_components(keep, |addresses| {
        let has_nextest = cargo().args(["nextest", "--version"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
        let mut tests = cargo();
        if has_nextest.is_ok_and(|status| status.success()) {
            tests.args(["nextest", "run", "--workspace"]);
        } else {
            // The same as nextest runs: it has no documentation tests.
            tests.args(["test", "--workspace", "--lib", "--bins", "--tests"]);
        }
        tests.args(arguments);
        tests.envs(variables(addresses));
        Ok(exit_code(tests.status().context("cannot run cargo")?))
    })
}

/// The variables that tell where the components are.
pub(crate) fn variables(addresses: &str) -> impl Iterator<Item = (&str, &str)> {
    addresses.lines().filter_map(|line| line.split_once('='))
}

/// Starts the components, hands their addresses over as lines of `NAME=VALUE`, and stops the components unless they
/// are to be kept or another run still uses them.
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

/// Held by every test run on these components: the run that can have it alone is the last one.
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
