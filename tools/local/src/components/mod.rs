//! The components that the shop depends on: fetched if missing, started, reused and stopped.
//!
//! ```no_run
//! # async fn example() -> anyhow::Result<()> {
//! use local::components::{Components, Config, Profile};
//!
//! let config = Config::from_env(Profile::Test, ".local".as_ref())?;
//! let components = Components::ensure(&config).await?;
//! println!("{}", components.mongodb_uri);
//! # Ok(())
//! # }
//! ```

mod attempt;
mod fetch;
pub mod mailbox;
pub mod mongodb;
mod progress;
mod settings;
pub mod sqs;
pub mod stripe;
pub mod supervise;

use std::ffi::OsStr;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;

pub(crate) use self::settings::any_free_port;
pub use self::settings::{Config, Given, Ports, Profile, workspace_root};
use self::supervise::{Supervisor, write_atomically};

/// The lock for starting and stopping components.
const LOCK: &str = "components";

/// A component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
#[allow(missing_docs, reason = "each is what it is called")]
pub enum Component {
    Mongodb,
    Sqs,
    Stripe,
    Mailbox,
}

impl Component {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Mongodb, Self::Sqs, Self::Stripe, Self::Mailbox];

    /// The name of its record and its log.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Mongodb => mongodb::NAME,
            Self::Sqs => sqs::NAME,
            Self::Stripe => stripe::NAME,
            Self::Mailbox => mailbox::NAME,
        }
    }
}

/// The URLs of the running components.
#[derive(Debug, Clone)]
pub struct Components {
    /// A replica set.
    pub mongodb_uri: String,
    /// The SQS server; see [`sqs::ensure_queues`].
    pub sqs_endpoint: String,
    /// The Stripe API without a path: `http://127.0.0.1:8420`.
    pub stripe_api: String,
    /// The SMTP server: `smtp://127.0.0.1:1125`.
    pub smtp_url: String,
    /// The mailbox: `GET {mailbox_url}/messages`.
    pub mailbox_url: String,
}

impl Components {
    /// Starts the components that are neither configured nor running, and returns when all are ready. Idempotent, also
    /// for concurrent processes.
    ///
    /// # Errors
    /// If a component cannot be fetched or started; the others keep running.
    pub async fn ensure(config: &Config) -> Result<Self> {
        let supervisor = Supervisor::new(&config.folder)?;
        let _lock = supervisor.lock(LOCK).await?;
        let config = &config.with_free_ports(&supervisor)?;
        let (mongodb_uri, sqs_endpoint, stripe_api, (smtp_url, mailbox_url)) = tokio::try_join!(
            mongodb::ensure(config, &supervisor),
            sqs::ensure(config, &supervisor),
            stripe::ensure(config, &supervisor),
            mailbox::ensure(config, &supervisor),
        )?;
        Ok(Self { mongodb_uri, sqs_endpoint, stripe_api, smtp_url, mailbox_url })
    }

    /// Starts one component, for instance after a test of its outage.
    ///
    /// # Errors
    /// As [`Components::ensure`].
    pub async fn ensure_one(config: &Config, component: Component) -> Result<()> {
        let supervisor = Supervisor::new(&config.folder)?;
        let _lock = supervisor.lock(LOCK).await?;
        let config = &config.with_free_ports(&supervisor)?;
        match component {
            Component::Mongodb => mongodb::ensure(config, &supervisor).await.map(drop),
            Component::Sqs => sqs::ensure(config, &supervisor).await.map(drop),
            Component::Stripe => stripe::ensure(config, &supervisor).await.map(drop),
            Component::Mailbox => mailbox::ensure(config, &supervisor).await.map(drop),
        }
    }

    /// Stops these components, except for those that run elsewhere, and returns the names of the stopped ones.
    ///
    /// # Errors
    /// If one of them cannot be stopped.
    pub async fn stop(config: &Config, components: &[Component]) -> Result<Vec<&'static str>> {
        let supervisor = Supervisor::new(&config.folder)?;
        let _lock = supervisor.lock(LOCK).await?;
        let mut stopped = Vec::new();
        for component in components {
            if supervisor.stop(component.name(), Duration::from_secs(10)).await? {
                stopped.push(component.name());
            }
        }
        Ok(stopped)
    }

    /// The URLs by the names of their variables in this profile.
    #[must_use]
    pub fn environment(&self, profile: Profile) -> [(&'static str, &str); 5] {
        let names = match profile {
            Profile::Dev => ["MONGODB_URI", "AWS_ENDPOINT_URL_SQS", "STRIPE_API_BASE", "SMTP_URL", "MAILBOX_URL"],
            Profile::Test => {
                ["TEST_MONGODB_URI", "TEST_SQS_ENDPOINT", "TEST_STRIPE_API", "TEST_SMTP_URL", "TEST_MAILBOX_URL"]
            }
        };
        let [mongodb, sqs, stripe, smtp, mailbox] = names;
        [
            (mongodb, &self.mongodb_uri),
            (sqs, &self.sqs_endpoint),
            (stripe, &self.stripe_api),
            (smtp, &self.smtp_url),
            (mailbox, &self.mailbox_url),
        ]
    }
}

/// Whether a GET of this URL succeeds.
pub(crate) async fn answers(url: &str) -> bool {
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(2)).build();
    match client {
        Ok(client) => client.get(url).send().await.is_ok_and(|answer| answer.status().is_success()),
        Err(_) => false,
    }
}

fn text<const N: usize>(words: [&OsStr; N]) -> impl Iterator<Item = String> {
    words.map(|word| word.to_string_lossy().into_owned()).into_iter()
}

/// Writes a script that is part of this program to a file for Python.
fn write_script(config: &Config, name: &str, script: &str) -> Result<PathBuf> {
    let folder = config.folder.join("run");
    fs::create_dir_all(&folder)?;
    let path = folder.join(name);
    write_atomically(&path, script.as_bytes())?;
    Ok(path)
}
