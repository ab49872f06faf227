//! The start of an HTTP function. It connects during initialisation, when Lambda gives the full CPU.

use std::time::Duration;

use super::{
    App, BackgroundTasks,
    settings::{HttpSettings, TokenSettings},
};
use shop_domain::{Clock, Random, message::Queue};
use shop_queue::Publisher;
use shop_runtime::config::{Env, MongoSettings, QueueSettings};
use shop_store::{Store, StoreError};

/// The configuration of an HTTP function.
#[derive(Debug)]
pub struct AppSettings {
    mongo: MongoSettings,
    queues: QueueSettings,
    tokens: TokenSettings,
    http: HttpSettings,
}

impl AppSettings {
    /// Reads the configuration; `queues` are those that the function sends to.
    pub fn read(env: &mut Env, queues: &[Queue]) -> Self {
        Self {
            mongo: MongoSettings::read(env),
            queues: QueueSettings::read(env, queues),
            tokens: TokenSettings::read(env),
            http: HttpSettings::read(env),
        }
    }

    /// The time limit of a request.
    pub const fn deadline(&self) -> Duration {
        self.http.request_timeout
    }

    /// Connects to MongoDB and SQS. If the database is unavailable, the function starts all the same and requests are
    /// 503.
    pub async fn connect(self, name: &str) -> Result<App, StoreError> {
        let store = Store::open(&self.mongo, name).await?;
        let clock = Clock::system();
        let publisher = Publisher::from_environment(self.queues.urls, store.clone(), clock.clone()).await;
        Ok(App {
            store,
            clock,
            random: Random::from_os(),
            tokens: self.tokens.tokens,
            publisher,
            background: BackgroundTasks::after_the_answer(),
            cors: self.http.cors,
        })
    }
}
