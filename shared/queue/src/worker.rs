//! What every function without a customer at the other end works with, and how it starts.

use super::Publisher;
use shop_domain::{
    Clock, Random,
    message::{Message, Queue},
};
use shop_runtime::config::{Env, MongoSettings, QueueSettings};
use shop_store::{Store, StoreError};

/// What such a function works with. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Worker {
    /// The database.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Randomness.
    pub random: Random,
    /// Where messages go once they are committed.
    pub publisher: Publisher,
}

impl Worker {
    /// Sends what a workflow promised.
    pub async fn dispatch(&self, messages: Vec<Message>) {
        self.publisher.dispatch(&messages).await;
    }
}

/// What such a function reads from its environment.
#[derive(Debug)]
pub struct WorkerSettings {
    mongo: MongoSettings,
    queues: QueueSettings,
}

impl WorkerSettings {
    /// Reads the sections; `queues` are those that the function sends to.
    pub fn read(env: &mut Env, queues: &[Queue]) -> Self {
        Self { mongo: MongoSettings::read(env), queues: QueueSettings::read(env, queues) }
    }

    /// Connects; see [`Store::open`].
    pub async fn connect(self, name: &str) -> Result<Worker, StoreError> {
        let store = Store::open(&self.mongo, name).await?;
        let clock = Clock::system();
        let publisher = Publisher::from_environment(self.queues.urls, store.clone(), clock.clone()).await;
        Ok(Worker { store, clock, random: Random::from_os(), publisher })
    }
}
