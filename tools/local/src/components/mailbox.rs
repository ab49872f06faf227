//! A mailbox: an SMTP server whose mails are read over HTTP. `python/mailbox.py` describes its endpoints.

use std::time::Duration;

use anyhow::Result;

use super::fetch::Fetcher;
use super::settings::Config;
use super::supervise::{Launch, Supervisor};
use super::{answers, text, write_script};

/// The name of its record and its log.
pub const NAME: &str = "mailbox";

/// The URLs for sending (`smtp://…`) and for reading (`http://…`, without `/messages`); starts a server if none is
/// configured.
///
/// # Errors
/// If it cannot be fetched or started.
pub async fn ensure(config: &Config, supervisor: &Supervisor) -> Result<(String, String)> {
    if let Some(given) = &config.given.mailbox {
        return Ok(given.clone());
    }
    let python = Fetcher::new(&config.tools).python()?;
    let script = write_script(config, "mailbox.py", include_str!("../../python/mailbox.py"))?;
    let (smtp, http) = (config.ports.smtp, config.ports.mailbox);
    let url = format!("http://127.0.0.1:{http}");
    let launch = Launch {
        name: NAME,
        command: text([python.as_os_str(), "-u".as_ref(), script.as_os_str()])
            .chain(["--smtp-port".to_owned(), smtp.to_string(), "--http-port".to_owned(), http.to_string()])
            .collect(),
        environment: Vec::new(),
        ports: vec![(smtp, config.variable("SMTP_PORT")), (http, config.variable("MAILBOX_PORT"))],
        inherit_output: false,
        start_timeout: Duration::from_mins(1),
    };
    let probe = format!("{url}/messages");
    supervisor.ensure(&launch, async || answers(&probe).await).await?;
    Ok((format!("smtp://127.0.0.1:{smtp}"), url))
}
