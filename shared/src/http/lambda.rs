//! How an HTTP function starts: read the environment, connect while there is full CPU, serve.

use std::time::Duration;

use super::App;
use crate::{
    config::{Env, HttpSettings, MongoSettings, QueueSettings, TokenSettings},
    domain::{Clock, Random, message::Queue},
    queue::Publisher,
    store::{PoolSize, Store, StoreError},
};

/// What every HTTP function reads from its environment.
#[derive(Debug)]
pub struct AppSettings {
    mongo: MongoSettings,
    queues: QueueSettings,
    tokens: TokenSettings,
    http: HttpSettings,
}

impl AppSettings {
    /// Reads the sections; `queues` are those that the function sends to.
    pub fn read(env: &mut Env, queues: &[Queue]) -> Self {
        Self {
            mongo: MongoSettings::read(env),
            queues: QueueSettings::read(env, queues),
            tokens: TokenSettings::read(env),
            http: HttpSettings::read(env),
        }
    }

    /// How long a request may take.
    pub const fn deadline(&self) -> Duration {
        self.http.request_timeout
    }

    /// Connects. A database that is away does not keep the function from starting: requests say so themselves.
    pub async fn connect(self, name: &str) -> Result<App, StoreError> {
        let store = connect(&self.mongo, name).await?;
        let clock = Clock::system();
        let publisher = Publisher::from_environment(self.queues.urls, store.clone(), clock.clone()).await;
        Ok(App { store, clock, random: Random::from_os(), tokens: self.tokens.tokens, publisher, cors: self.http.cors })
    }
}

/// A store whose first connection is made now: the start of a Lambda has the full CPU, its first request has not.
pub async fn connect(mongo: &MongoSettings, name: &str) -> Result<Store, StoreError> {
    let store = Store::connect(mongo.uri.expose(), &mongo.database, name, PoolSize::LAMBDA).await?;
    if let Err(error) = store.ping().await {
        tracing::warn!(error = &error as &dyn std::error::Error, "the database does not answer yet");
    }
    Ok(store)
}
