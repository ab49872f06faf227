//! Reads a password without echo: never from the command line, which every process of the machine can read.

use std::{
    env,
    io::{self, BufRead as _, IsTerminal as _, Write as _},
};

use anyhow::{Context as _, Result, bail};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

/// The variable with the password.
pub(crate) const VARIABLE: &str = "OPS_ADMIN_PASSWORD";

/// The password: from the environment, else typed twice at the terminal, else the first line of standard input.
pub(crate) fn password() -> Result<String> {
    if let Some(given) = env::var_os(VARIABLE).filter(|given| !given.is_empty()) {
        return given.into_string().map_err(|_| anyhow::anyhow!("{VARIABLE} is not UTF-8"));
    }
    if !io::stdin().is_terminal() {
        return read_line()
            .with_context(|| format!("no password was given: set {VARIABLE} or pipe it to standard input"));
    }
    let password = typed("Password: ")?;
    if typed("Repeat the password: ")? != password {
        bail!("the passwords do not match");
    }
    Ok(password)
}

fn typed(prompt: &str) -> Result<String> {
    let mut stderr = io::stderr();
    write!(stderr, "{prompt}")?;
    stderr.flush()?;
    let echo = Echo::off()?;
    let line = read_line();
    drop(echo);
    writeln!(stderr)?;
    line
}

fn read_line() -> Result<String> {
    let mut line = String::new();
    if io::stdin().lock().read_line(&mut line)? == 0 {
        bail!("the input is empty");
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Turns the echo of the terminal off until it is dropped.
struct Echo(rustix::termios::Termios);

impl Echo {
    fn off() -> Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent)?;
        Ok(Self(before))
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        // Fails only if the terminal is closed.
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &self.0);
    }
}
