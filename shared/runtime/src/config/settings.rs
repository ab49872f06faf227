//! The sections of the configuration. Each function reads only those that it needs; those of HTTP functions are in
//! `shop_http::settings`.

use std::{collections::BTreeMap, time::Duration};

use super::{Env, Secret};
use shop_domain::message::Queue;

/// The database.
#[derive(Clone, Debug)]
pub struct MongoSettings {
    /// `MONGODB_URI`. Contains a password.
    pub uri: Secret,
    /// `MONGODB_DATABASE`, default `shop`.
    pub database: String,
}

impl MongoSettings {
    /// Reads the section.
    pub fn read(env: &mut Env) -> Self {
        const SHOULD_BE: &str = "a MongoDB connection string of a replica set, mongodb://… or mongodb+srv://…";
        let uri = env.required_secret("MONGODB_URI", SHOULD_BE);
        let known = ["mongodb://", "mongodb+srv://"].iter().any(|scheme| uri.expose().starts_with(scheme));
        if !uri.expose().is_empty() && !known {
            env.fault("MONGODB_URI", format!("must be {SHOULD_BE}"));
        }
        let database = env.optional("MONGODB_DATABASE").unwrap_or("shop").to_owned();
        if database.len() > 63
            || !database.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        {
            env.fault("MONGODB_DATABASE", "must have at most 63 letters, digits, dashes and underscores");
        }
        Self { uri, database }
    }
}

/// The queues that a function sends to: `PAYMENTS_QUEUE_URL`, `FULFILLMENT_QUEUE_URL`, `NOTIFICATIONS_QUEUE_URL`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QueueSettings {
    /// The URL of each queue.
    pub urls: BTreeMap<Queue, String>,
}

impl QueueSettings {
    /// Reads the URLs of these queues, all of which are required.
    pub fn read(env: &mut Env, queues: &[Queue]) -> Self {
        let urls = queues.iter().map(|queue| {
            let variable = format!("{}_QUEUE_URL", queue.as_str().to_ascii_uppercase());
            (*queue, env.url(&variable, &["https://", "http://"], None))
        });
        Self { urls: urls.collect() }
    }
}

/// The Stripe API.
#[derive(Clone, Debug)]
pub struct StripeSettings {
    /// `STRIPE_API_BASE`, default `https://api.stripe.com`; without a trailing slash.
    pub api_base: String,
    /// `STRIPE_SECRET_KEY`.
    pub secret_key: Secret,
}

impl StripeSettings {
    /// Reads the section.
    pub fn read(env: &mut Env) -> Self {
        Self {
            api_base: env.url("STRIPE_API_BASE", &["https://", "http://"], Some("https://api.stripe.com")),
            secret_key: env.required_secret("STRIPE_SECRET_KEY", "the API key, sk_…"),
        }
    }
}

/// The secret of Stripe's webhook signatures. Only the function that receives webhooks has it.
#[derive(Clone, Debug)]
pub struct WebhookSettings {
    /// `STRIPE_WEBHOOK_SECRET`.
    pub secret: Secret,
}

impl WebhookSettings {
    /// Reads the section.
    pub fn read(env: &mut Env) -> Self {
        Self { secret: env.required_secret("STRIPE_WEBHOOK_SECRET", "the signing secret of the webhook, whsec_…") }
    }
}

/// The shop's pages, as customers see them.
#[derive(Clone, Debug)]
pub struct ShopUrlSettings {
    /// `SHOP_URL`: the base URL of the pages, without a trailing slash.
    pub shop_url: String,
}

impl ShopUrlSettings {
    /// Reads the section.
    pub fn read(env: &mut Env) -> Self {
        Self { shop_url: env.url("SHOP_URL", &["https://", "http://"], None) }
    }
}

/// The mail server, and the sender and links of mails.
#[derive(Clone, Debug)]
pub struct MailSettings {
    /// `SMTP_URL`: `smtps://user:password@host:465`, or `smtp://host:port` for a local mailbox.
    pub smtp_url: Secret,
    /// `MAIL_FROM`: `Shop <shop@example.test>`.
    pub from: String,
    /// `SHOP_URL`: the base URL of links in mails, without a trailing slash.
    pub shop_url: String,
}

impl MailSettings {
    /// Reads the section.
    pub fn read(env: &mut Env) -> Self {
        let smtp_url = env.required_secret("SMTP_URL", "smtps://user:password@host:465");
        if !smtp_url.expose().is_empty()
            && !["smtp://", "smtps://"].iter().any(|scheme| smtp_url.expose().starts_with(scheme))
        {
            env.fault("SMTP_URL", "must begin with smtps:// or smtp://");
        }
        let from = env.required("MAIL_FROM", "the sender, such as Shop <shop@example.test>");
        if !from.is_empty() && !from.contains('@') {
            env.fault("MAIL_FROM", "must contain an e-mail address, such as Shop <shop@example.test>");
        }
        Self { smtp_url, from, shop_url: ShopUrlSettings::read(env).shop_url }
    }
}

/// How long an order may stay unpaid before it expires and releases its stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReservationSettings {
    /// `RESERVATION_MINUTES`, default 30.
    pub minutes: u32,
    /// `BANK_TRANSFER_DAYS`, default 7: a transfer takes days.
    pub bank_transfer_days: u32,
}

impl ReservationSettings {
    /// Reads the section.
    pub fn read(env: &mut Env) -> Self {
        Self {
            minutes: env.number("RESERVATION_MINUTES", 30, 1..=10_080),
            bank_transfer_days: env.number("BANK_TRANSFER_DAYS", 7, 1..=60),
        }
    }

    /// The time to pay an order that the gateway charges.
    pub fn payment_window(&self) -> Duration {
        Duration::from_secs(u64::from(self.minutes) * 60)
    }

    /// The time to pay an order by bank transfer.
    pub fn transfer_window(&self) -> Duration {
        Duration::from_secs(u64::from(self.bank_transfer_days) * 24 * 3600)
    }
}
