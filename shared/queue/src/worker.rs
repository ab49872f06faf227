//! The state and configuration of functions without endpoints: the consumers and maintenance.

use super::Publisher;
use shop_domain::{
    Clock, Random,
    message::{Message, Queue},
};
use shop_runtime::config::{Env, MongoSettings, QueueSettings};
use shop_store::{Store, StoreError};

/// The state of a function without endpoints. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Worker {
    /// The database.
    pub store: Store,
    /// The clock.
    pub clock: Clock,
    /// The source of random values.
    pub random: Random,
    /// Dispatches messages.
    pub publisher: Publisher,
}

impl Worker {
    /// Dispatches messages whose transaction has committed.
    pub async fn dispatch(&self, messages: Vec<Message>) {
        self.publisher.dispatch(&messages).await;
    }
}

/// The configuration of a function without endpoints.
#[derive(Debug)]
pub struct WorkerSettings {
    mongo: MongoSettings,
    queues: QueueSettings,
}

impl WorkerSettings {
    /// Reads the configuration; `queues` are those that the function sends to.
    pub fn read(env: &mut Env, queues: &[Queue]) -> Self {
        Self { mongo: MongoSettings::read(env), queues: QueueSettings::read(env, queues) }
    }

    /// Connects to MongoDB and SQS; see [`Store::open`].
    pub async fn connect(self, name: &str) -> Result<Worker, StoreError> {
        let store = Store::open(&self.mongo, name).await?;
        let clock = Clock::system();
        let publisher = Publisher::from_environment(self.queues.urls, store.clone(), clock.clone()).await;
        Ok(Worker { store, clock, random: Random::from_os(), publisher })
    }
}
