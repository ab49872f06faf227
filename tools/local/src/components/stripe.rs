//! A local server of the Stripe API, which stores its state and sends signed webhooks.

use std::fs;
use std::time::Duration;

use anyhow::{Result, bail};

use super::fetch::Fetcher;
use super::settings::{Config, Profile};
use super::supervise::{Launch, Supervisor};
use super::{answers, text, write_script};

/// The name of its record and its log.
pub const NAME: &str = "stripe";
/// A key that the server accepts: it checks only the prefix.
pub const SECRET_KEY: &str = "sk_test_localshop";
/// Signs the webhooks of the local shop.
pub const WEBHOOK_SECRET: &str = "whsec_localshop";

/// The URL of a Stripe API without a path; starts a server if none is configured.
///
/// # Errors
/// If it cannot be fetched or started.
pub async fn ensure(config: &Config, supervisor: &Supervisor) -> Result<String> {
    if let Some(base) = &config.given.stripe_api {
        return Ok(base.clone());
    }
    let python = Fetcher::new(&config.tools).python()?;
    let script = write_script(config, "stripe_api.py", include_str!("../../python/stripe_api.py"))?;
    let port = config.ports.stripe;
    let base = format!("http://127.0.0.1:{port}");
    let mut command: Vec<String> = text([python.as_os_str(), "-u".as_ref(), script.as_os_str()])
        .chain(["--port".to_owned(), port.to_string()])
        .collect();
    if config.profile == Profile::Dev {
        let data = config.data(NAME);
        fs::create_dir_all(&data)?;
        command.extend(text(["--state".as_ref(), data.join("state.pickle").as_os_str()]));
    }
    let launch = Launch {
        name: NAME,
        command,
        environment: Vec::new(),
        ports: vec![(port, config.variable("STRIPE_PORT"))],
        inherit_output: false,
        start_timeout: Duration::from_mins(1),
    };
    let probe = format!("{base}/js.stripe.com/v3/");
    supervisor.ensure(&launch, async || answers(&probe).await).await?;
    Ok(base)
}

/// Configures the server to send every event to `url`, signed with `secret`. Replaces a webhook of the same name; the
/// server does not store webhooks.
///
/// # Errors
/// If the server cannot be reached or refuses the webhook.
pub async fn configure_webhook(stripe_api: &str, name: &str, url: &str, secret: &str) -> Result<()> {
    let request = reqwest::Client::new()
        .post(format!("{stripe_api}/_config/webhooks/{name}"))
        .form(&[("url", url), ("secret", secret)]);
    let answer = request.send().await?;
    if !answer.status().is_success() {
        bail!("the Stripe API refused the webhook {name}: {}", answer.status());
    }
    Ok(())
}
