//! The ports, folders and external URLs of a set of components, all configurable by environment variables.

use std::env;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::supervise::Supervisor;
use super::{mailbox, mongodb, sqs, stripe};

/// The profile of a set of components: the developer's shop and the tests never share a process, a port or a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Profile {
    /// The shop that `cargo xtask up` starts; its variables have no prefix.
    Dev,
    /// The components of the tests; its variables start with `TEST_`.
    Test,
}

/// The TCP ports on 127.0.0.1.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "each is the port of what it names")]
pub struct Ports {
    pub shop: u16,
    pub mongodb: u16,
    pub sqs: u16,
    pub stripe: u16,
    pub smtp: u16,
    pub mailbox: u16,
}

/// The URLs of components that run elsewhere; they are neither started nor stopped.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// `MONGODB_URI` (`TEST_MONGODB_URI`): a replica set.
    pub mongodb_uri: Option<String>,
    /// `AWS_ENDPOINT_URL_SQS` (`TEST_SQS_ENDPOINT`).
    pub sqs_endpoint: Option<String>,
    /// `STRIPE_API_BASE` (`TEST_STRIPE_API`).
    pub stripe_api: Option<String>,
    /// `SMTP_URL` and `MAILBOX_URL` (`TEST_SMTP_URL` and `TEST_MAILBOX_URL`), both or none.
    pub mailbox: Option<(String, String)>,
}

/// The configuration of a set of components.
#[derive(Debug, Clone)]
pub struct Config {
    /// The profile.
    pub profile: Profile,
    /// The ports.
    pub ports: Ports,
    /// The variables that set a port: such a port is used, or the start fails.
    fixed: Vec<&'static str>,
    /// The components that run elsewhere.
    pub given: Given,
    /// The state folder: records, logs and data.
    pub folder: PathBuf,
    /// The folder of fetched tools; `SHOP_LOCAL_CACHE` shares it between state folders.
    pub tools: PathBuf,
}

impl Config {
    /// Reads the environment. `state` is the state folder; the components of different state folders run side by side.
    ///
    /// # Errors
    /// Names every invalid variable.
    pub fn from_env(profile: Profile, state: &Path) -> Result<Self> {
        let mut environment = Environment { profile, fixed: Vec::new(), wrong: Vec::new() };
        let ports = match profile {
            Profile::Dev => [9000, 27117, 5155, 8420, 1125, 8125],
            Profile::Test => [9100, 27217, 5255, 8520, 1225, 8225],
        };
        let ports = Ports {
            shop: environment.port("SHOP_PORT", ports[0]),
            mongodb: environment.port("MONGODB_PORT", ports[1]),
            sqs: environment.port("SQS_PORT", ports[2]),
            stripe: environment.port("STRIPE_PORT", ports[3]),
            smtp: environment.port("SMTP_PORT", ports[4]),
            mailbox: environment.port("MAILBOX_PORT", ports[5]),
        };
        let mailbox = match (environment.text("SMTP_URL"), environment.text("MAILBOX_URL")) {
            (Some(smtp), Some(mailbox)) => Some((smtp, mailbox)),
            (None, None) => None,
            _ => {
                let [smtp, mailbox] = ["SMTP_URL", "MAILBOX_URL"].map(|name| variable(profile, name));
                let wrong = format!("{smtp} and {mailbox} must be set together");
                environment.wrong.push(wrong);
                None
            }
        };
        let given = Given {
            mongodb_uri: environment.text("MONGODB_URI"),
            sqs_endpoint: environment.text(if profile == Profile::Dev {
                "AWS_ENDPOINT_URL_SQS"
            } else {
                "SQS_ENDPOINT"
            }),
            stripe_api: environment.text(if profile == Profile::Dev { "STRIPE_API_BASE" } else { "STRIPE_API" }),
            mailbox,
        };
        if !environment.wrong.is_empty() {
            bail!("the environment is invalid:\n  {}", environment.wrong.join("\n  "));
        }
        // Absolute, because later commands may run in another folder.
        let state = std::path::absolute(state).with_context(|| format!("{} is not a folder", state.display()))?;
        let tools = env::var_os("SHOP_LOCAL_CACHE").filter(|folder| !folder.is_empty());
        Ok(Self {
            profile,
            ports,
            fixed: environment.fixed,
            given,
            tools: tools.map_or_else(|| state.clone(), PathBuf::from),
            folder: if profile == Profile::Dev { state } else { state.join("test") },
        })
    }

    /// The variable of this profile for the shop's variable `name`.
    #[must_use]
    pub fn variable(&self, name: &str) -> String {
        variable(self.profile, name)
    }

    /// The same with free ports for the components: those of running ones, else the default ones, else any. The API of
    /// a developer's shop keeps its port, because frontends are configured with it.
    ///
    /// # Errors
    /// If there is no free port.
    pub(crate) fn with_free_ports(&self, supervisor: &Supervisor) -> Result<Self> {
        let mut config = self.clone();
        let ports = &mut config.ports;
        // Bound until all are chosen, so that no two components get the same port.
        let mut chosen = Vec::new();
        let given = &self.given;
        for (variable, port, name, position, is_given) in [
            ("MONGODB_PORT", &mut ports.mongodb, mongodb::NAME, 0, given.mongodb_uri.is_some()),
            ("SQS_PORT", &mut ports.sqs, sqs::NAME, 0, given.sqs_endpoint.is_some()),
            ("STRIPE_PORT", &mut ports.stripe, stripe::NAME, 0, given.stripe_api.is_some()),
            ("SMTP_PORT", &mut ports.smtp, mailbox::NAME, 0, given.mailbox.is_some()),
            ("MAILBOX_PORT", &mut ports.mailbox, mailbox::NAME, 1, given.mailbox.is_some()),
        ] {
            if is_given || self.fixed.contains(&variable) {
                continue;
            }
            let default_port = *port;
            if let Some(running) = supervisor.ports(name).get(position) {
                *port = *running;
            } else if default_port == 0 || TcpListener::bind(("127.0.0.1", default_port)).is_err() {
                let listener = any_free_port()?;
                *port = listener.local_addr()?.port();
                chosen.push(listener);
                if self.profile == Profile::Dev && default_port != 0 {
                    eprintln!("port {default_port} is taken: {name} listens on {port} instead");
                }
            }
        }
        Ok(config)
    }

    /// The data folder of the component; each profile has its own.
    #[must_use]
    pub fn data(&self, component: &str) -> PathBuf {
        self.folder.join("data").join(component)
    }
}

/// A listener on a port that is free until it is dropped.
pub(crate) fn any_free_port() -> Result<TcpListener> {
    TcpListener::bind(("127.0.0.1", 0)).context("there is no free port on 127.0.0.1")
}

/// The source folder that this program was compiled from. For tests only: an installed program has no sources.
#[must_use]
pub fn workspace_root() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.ancestors().nth(2).unwrap_or(manifest)
}

fn variable(profile: Profile, name: &str) -> String {
    match profile {
        Profile::Dev => name.to_owned(),
        Profile::Test => format!("TEST_{name}"),
    }
}

struct Environment {
    profile: Profile,
    fixed: Vec<&'static str>,
    wrong: Vec<String>,
}

impl Environment {
    fn text(&self, name: &str) -> Option<String> {
        env::var(variable(self.profile, name)).ok().filter(|value| !value.is_empty())
    }

    fn port(&mut self, name: &'static str, default: u16) -> u16 {
        match self.text(name).map(|value| value.parse::<u16>().map_err(|_| value)) {
            None => default,
            // Any free port.
            Some(Ok(0)) => 0,
            Some(Ok(port)) => {
                self.fixed.push(name);
                port
            }
            Some(Err(value)) => {
                self.wrong.push(format!("{}={value} is not a port", variable(self.profile, name)));
                default
            }
        }
    }
}
