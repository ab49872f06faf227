//! Taking a password without showing it: never from the command line, which every process of the machine can read.

use std::{
    env,
    io::{self, BufRead as _, IsTerminal as _, Write as _},
};

use anyhow::{Context as _, Result, bail};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

/// The variable that may hold the password instead.
pub(crate) const VARIABLE: &str = "OPS_ADMIN_PASSWORD";

/// The password: from the environment, else typed twice at a terminal, else the first line of standard input.
pub(crate) fn password() -> Result<String> {
    if let Some(given) = env::var_os(VARIABLE).filter(|given| !given.is_empty()) {
        return given.into_string().map_err(|_| anyhow::anyhow!("{VARIABLE} is not UTF-8"));
    }
    if !io::stdin().is_terminal() {
        return read_line().with_context(|| format!("no password: set {VARIABLE} or pipe one in"));
    }
    let password = typed("Password: ")?;
    if typed("Once more: ")? != password {
        bail!("the two passwords differ");
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
        bail!("the input has ended");
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// While it exists the terminal does not show what is typed.
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
        // A terminal that is gone needs no echo.
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &self.0);
    }
}
