//! The worker of the notifications queue: composes and sends mail.
//!
//! A message names event and recipient by id; the content is read from the store when the mail is composed. Mailed
//! tokens are generated here, and only their hash is stored. Mail is sent at least once: a message is recorded as
//! processed after the mail server has accepted it.

mod compose;
mod mailer;
mod texts;
mod times;

use std::sync::Arc;

use async_trait::async_trait;
use lambda_runtime::Error;
use shared::{
    config::{Env, MailSettings},
    domain::message::{Message, Queue},
    queue::{self, Consumer, ProcessError, Worker, WorkerSettings},
};

pub use mailer::Mailer;

/// This function sends no messages: `template.yaml` gives it no queue.
pub const SENDS_TO: &[Queue] = &[];

/// The consumer of the notifications queue.
#[derive(Clone, Debug)]
pub struct Notifications {
    /// The state that all workers share.
    pub worker: Worker,
    /// The SMTP client.
    pub mailer: Mailer,
    /// The base URL of links in mails.
    pub shop_url: String,
}

#[async_trait]
impl Consumer for Notifications {
    async fn process(&self, message: Message) -> Result<(), ProcessError> {
        let store = &self.worker.store;
        if store.processed.contains(message.id).await? {
            return Ok(());
        }
        match self.compose(&message.event).await? {
            Some(mail) => self.mailer.send(&mail, message.id).await?,
            None => tracing::info!(message = %message.id, "the recipient or the subject of the mail no longer exists"),
        }
        Ok(store.processed.record(message.id, self.worker.clock.now()).await?)
    }
}

/// Serves the queue as a Lambda.
pub async fn serve() -> Result<(), Error> {
    let mut env = Env::from_process().resolve_secrets().await;
    let settings = WorkerSettings::read(&mut env, SENDS_TO);
    let mail = MailSettings::read(&mut env);
    env.finish()?;
    let mailer = Mailer::try_new(&mail.smtp_url, &mail.from)?;
    let worker = settings.connect("notifications").await?;
    queue::run_lambda(Arc::new(Notifications { worker, mailer, shop_url: mail.shop_url })).await
}
