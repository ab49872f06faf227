//! SMTP.

use std::time::Duration;

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message as Letter, Tokio1Executor,
    message::{Mailbox, header::ContentType},
    transport::smtp::PoolConfig,
};
use shared::{
    config::Secret,
    domain::{Email, Id, message::Message},
    queue::ProcessError,
};

/// A mail.
#[derive(Clone, Debug)]
pub(crate) struct Mail {
    /// The recipient.
    pub(crate) to: Email,
    /// One line.
    pub(crate) subject: String,
    /// Plain text.
    pub(crate) text: String,
}

/// The SMTP client.
#[derive(Clone)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mailer")
    }
}

/// Why a mailer could not be created.
#[derive(Debug, thiserror::Error)]
pub enum InvalidMailer {
    /// The URL is not an SMTP URL.
    #[error("SMTP_URL cannot be used: {0}")]
    Url(#[from] lettre::transport::smtp::Error),
    /// The sender is not a mailbox.
    #[error("MAIL_FROM is not a mailbox such as Shop <shop@example.test>: {0}")]
    From(#[from] lettre::address::AddressError),
}

impl Mailer {
    /// A mailer that speaks to the server at `smtp_url` and writes as `from`.
    ///
    /// # Errors
    /// If either is invalid.
    pub fn try_new(smtp_url: &Secret, from: &str) -> Result<Self, InvalidMailer> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(smtp_url.expose())?
            .timeout(Some(Duration::from_secs(10)))
            // Mail servers limit connections; the mails of a batch share these.
            .pool_config(PoolConfig::new().max_size(2).idle_timeout(Duration::from_secs(30)))
            .build();
        Ok(Self { transport, from: from.parse()? })
    }

    /// Sends a mail. Its `Message-ID` derives from the message, so that a mail client recognises a second copy.
    pub(crate) async fn send(&self, mail: &Mail, message: Id<Message>) -> Result<(), ProcessError> {
        let to: Mailbox =
            mail.to.expose().parse().map_err(|_| ProcessError::Poison("the address is not a mailbox".to_owned()))?;
        let domain = self.from.email.domain();
        let letter = Letter::builder()
            .from(self.from.clone())
            .to(to)
            .message_id(Some(format!("<{message}@{domain}>")))
            .subject(&mail.subject)
            .header(ContentType::TEXT_PLAIN)
            .body(mail.text.clone())
            .map_err(|error| ProcessError::Poison(format!("the mail cannot be composed: {error}")))?;
        match self.transport.send(letter).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_permanent() => {
                Err(ProcessError::Poison(format!("the mail server refuses the mail: {:?}", error.status())))
            }
            Err(error) => Err(ProcessError::retry("the mail server did not accept the mail", error)),
        }
    }
}
