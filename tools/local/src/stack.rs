//! The file that describes a running local shop, for its server, scripts and people.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::components::supervise::write_atomically;
use crate::components::{Components, sqs, stripe};

/// The addresses, queues, secrets and accounts of the local shop; none of them is valid anywhere else.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stack {
    /// The URL of the API, with `/v1`.
    pub api_url: String,
    /// The base URL of links in mails.
    pub shop_url: String,
    /// The address that the server listens on: `127.0.0.1:9000`.
    pub listen: String,
    /// A replica set.
    pub mongodb_uri: String,
    /// The name of the database.
    pub mongodb_database: String,
    /// The SQS server.
    pub sqs_endpoint: String,
    /// Name → URL of the three queues and their dead-letter queues (`payments-dlq`).
    pub queues: BTreeMap<String, String>,
    /// The Stripe API without a path.
    pub stripe_api: String,
    /// The API key.
    pub stripe_secret_key: String,
    /// The secret of webhook signatures.
    pub stripe_webhook_secret: String,
    /// The SMTP server.
    pub smtp_url: String,
    /// The mailbox: `GET {mailboxUrl}/messages`.
    pub mailbox_url: String,
    /// The sender of mails.
    pub mail_from: String,
    /// The demo accounts.
    pub accounts: Vec<Account>,
}

/// A demo account, which exists in the local shop only.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each field is what it is called")]
pub struct Account {
    pub email: String,
    pub password: String,
    pub role: String,
}

impl Stack {
    /// The stack on these components, with the API on this port.
    #[must_use]
    pub fn new(port: u16, components: Components, queues: BTreeMap<String, String>) -> Self {
        let listen = format!("127.0.0.1:{port}");
        let from_env = |name: &str, default: &str| {
            env::var(name).ok().filter(|value| !value.is_empty()).unwrap_or_else(|| default.to_owned())
        };
        let account = |name: &str, role: &str| Account {
            email: format!("{name}@example.test"),
            password: "correct-horse-battery".to_owned(),
            role: role.to_owned(),
        };
        Self {
            api_url: format!("http://{listen}/v1"),
            shop_url: format!("http://{listen}"),
            listen,
            mongodb_uri: components.mongodb_uri,
            mongodb_database: from_env("MONGODB_DATABASE", "shop"),
            sqs_endpoint: components.sqs_endpoint,
            queues,
            stripe_api: components.stripe_api,
            stripe_secret_key: from_env("STRIPE_SECRET_KEY", stripe::SECRET_KEY),
            stripe_webhook_secret: from_env("STRIPE_WEBHOOK_SECRET", stripe::WEBHOOK_SECRET),
            smtp_url: components.smtp_url,
            mailbox_url: components.mailbox_url,
            mail_from: from_env("MAIL_FROM", "Shop <shop@example.test>"),
            accounts: vec![account("admin", "admin"), account("seller", "seller"), account("ada", "customer")],
        }
    }

    /// The path of the file in a state folder.
    #[must_use]
    pub fn path(state: &Path) -> PathBuf {
        state.join("stack.json")
    }

    /// Reads the file.
    ///
    /// # Errors
    /// If there is none: the shop is not running.
    pub fn load(state: &Path) -> Result<Self> {
        let path = Self::path(state);
        let text = fs::read(&path).with_context(|| format!("cannot read {}: is the shop running?", path.display()))?;
        serde_json::from_slice(&text).with_context(|| format!("{} was written by another version", path.display()))
    }

    /// Writes the file.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn save(&self, state: &Path) -> Result<()> {
        write_atomically(&Self::path(state), &serde_json::to_vec_pretty(self)?)
    }

    /// The environment variables of the shop's functions.
    #[must_use]
    pub fn environment(&self) -> Vec<(String, String)> {
        let queue = |name: &str| self.queues.get(name).map_or("", String::as_str);
        [
            ("MONGODB_URI", self.mongodb_uri.as_str()),
            ("MONGODB_DATABASE", &self.mongodb_database),
            ("PAYMENTS_QUEUE_URL", queue("payments")),
            ("FULFILLMENT_QUEUE_URL", queue("fulfillment")),
            ("NOTIFICATIONS_QUEUE_URL", queue("notifications")),
            ("AWS_ENDPOINT_URL_SQS", &self.sqs_endpoint),
            ("AWS_REGION", sqs::REGION),
            ("AWS_ACCESS_KEY_ID", sqs::CREDENTIAL),
            ("AWS_SECRET_ACCESS_KEY", sqs::CREDENTIAL),
            ("STRIPE_API_BASE", &self.stripe_api),
            ("STRIPE_SECRET_KEY", &self.stripe_secret_key),
            ("STRIPE_WEBHOOK_SECRET", &self.stripe_webhook_secret),
            ("SMTP_URL", &self.smtp_url),
            ("MAIL_FROM", &self.mail_from),
            ("SHOP_URL", &self.shop_url),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }

    /// The URLs and a first request, as text.
    #[must_use]
    pub fn table(&self, state: &Path) -> String {
        let mut table = String::new();
        let ops = env::current_exe().map(|program| program.with_file_name("ops")).ok().filter(|ops| ops.is_file());
        for (what, address) in [
            ("API", self.api_url.clone()),
            ("reference", format!("{}/docs", self.api_url)),
            ("mailbox", format!("{}/messages", self.mailbox_url)),
            ("Stripe API", self.stripe_api.clone()),
            ("SQS", self.sqs_endpoint.clone()),
            ("MongoDB", self.mongodb_uri.clone()),
            ("stack file", Self::path(state).display().to_string()),
            ("logs", state.join("log").display().to_string()),
        ] {
            let _ = writeln!(table, "  {what:<11} {address}");
        }
        if let Some(ops) = &ops {
            let _ = writeln!(table, "  {:<11} {} --help", "ops", ops.display());
        }
        let _ = writeln!(table);
        for Account { email, password, role } in &self.accounts {
            let _ = writeln!(table, "  {role:<11} {email:<21} {password}");
        }
        let _ = writeln!(table, "\n  Try:  curl '{}/products?limit=3'", self.api_url);
        if let Some(ops) = &ops {
            let database = format!("--mongodb-uri '{}' --database {}", self.mongodb_uri, self.mongodb_database);
            let _ = writeln!(table, "        {} verify {database}", ops.display());
        }
        table
    }
}
