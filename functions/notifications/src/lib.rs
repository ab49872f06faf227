//! Writes and sends mail.
//!
//! A message names what happened and to whom; what the mail says is read from the store when it is written. A mailed token is
//! made here, so that it rests nowhere but in its hash and in the mailbox. Mail is sent at least once: a message is noted as
//! processed after the mail server took it.

mod compose;
mod mailer;
mod texts;

use std::sync::Arc;

use async_trait::async_trait;
use lambda_runtime::Error;
use shared::{
    config::{Env, MailSettings},
    domain::message::{Message, Queue},
    queue::{self, Consumer, ProcessError, Worker, WorkerSettings},
};

pub use mailer::Mailer;

/// This function sends nothing: `template.yaml` gives it no queue.
pub const SENDS_TO: &[Queue] = &[];

/// The consumer of the notifications queue.
#[derive(Clone, Debug)]
pub struct Notifications {
    /// What every worker has.
    pub worker: Worker,
    /// How mail leaves.
    pub mailer: Mailer,
    /// Where the links in mails lead.
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
            None => tracing::info!(message = %message.id, "nobody is left to write to"),
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
