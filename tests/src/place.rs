//! The place of a test: one of a few databases with its queues, locked while the test runs.
//!
//! Creating the collections takes longer than most tests, so they are created once and emptied for the next test.

use std::{
    fs::{self, File, TryLockError},
    time::Duration,
};

use bson::doc;
use local::components::{Components, Config, Profile, sqs, workspace_root};
use shared::{
    domain::{Clock, message::Queue},
    queue::QueueUrls,
    store::{PoolSize, Store, migrations},
};
use tokio::sync::OnceCell;

use crate::watch;

/// More places than tests that run concurrently.
const PLACES: usize = 16;

/// A locked place, released on drop.
#[derive(Debug)]
pub struct Place {
    /// The database, migrated and empty but for the bank account.
    pub store: Store,
    /// Its queues, empty: the three, and each one's dead-letter queue as `<name>-dlq`.
    pub queues: std::collections::BTreeMap<String, String>,
    /// The addresses of the components.
    pub components: Components,
    /// `None` in a process that uses the place of another process.
    pub(crate) _lock: Option<File>,
}

static COMPONENTS: OnceCell<Components> = OnceCell::const_new();

/// The real components, started if they are not running.
pub async fn components() -> Components {
    let start = async || {
        let config = Config::from_env(Profile::Test, &workspace_root().join(".local"))
            .expect("the tests' components cannot be configured");
        Components::ensure(&config).await.expect("the tests' components do not start")
    };
    COMPONENTS.get_or_init(start).await.clone()
}

impl Place {
    /// Waits for a place and empties it.
    pub async fn take() -> Self {
        Self::take_with(components().await).await
    }

    /// Like [`Place::take`], with these components.
    pub async fn take_with(components: Components) -> Self {
        let (number, lock) = lock_one().await;
        let database = format!("test_{number}");
        let mut options = Store::options(&components.mongodb_uri, "tests", PoolSize::LOCAL).await.unwrap();
        options.command_event_handler = Some(watch::handler());
        let store = Store::with_options(options, &database).unwrap();
        migrations::migrate(&store, &Clock::system(), |_| ()).await.unwrap();
        empty(&store).await;
        store.settings.set_bank_account(&ops::demo::bank_account().unwrap(), Clock::system().now()).await.unwrap();
        let prefix = format!("{database}-");
        remove_queues(&components.sqs_endpoint, &prefix).await;
        let queues = sqs::ensure_queues(&components.sqs_endpoint, &prefix, 30).await.unwrap();
        Self { store, queues, components, _lock: Some(lock) }
    }

    /// Removes every document but the migrations.
    pub async fn empty(&self) {
        empty(&self.store).await;
    }

    /// The URLs of the queues, for the publisher.
    pub fn queue_urls(&self) -> QueueUrls {
        Queue::ALL.into_iter().map(|queue| (queue, self.queues[queue.as_str()].clone())).collect()
    }
}

/// Locks a place. The operating system releases the lock of a process that dies.
async fn lock_one() -> (usize, File) {
    let folder = workspace_root().join(".local/test/places");
    fs::create_dir_all(&folder).unwrap();
    loop {
        for number in 0..PLACES {
            let file = File::create(folder.join(number.to_string())).unwrap();
            match file.try_lock() {
                Ok(()) => return (number, file),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => panic!("cannot lock a place: {error}"),
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Deletes the queues, because a queue may be purged only once a minute.
async fn remove_queues(endpoint: &str, prefix: &str) {
    let client = sqs::client(endpoint);
    let left = client.list_queues().queue_name_prefix(prefix).send().await.unwrap();
    for url in left.queue_urls() {
        client.delete_queue().queue_url(url).send().await.unwrap();
    }
}

async fn empty(store: &Store) {
    for name in store.database().list_collection_names().await.unwrap() {
        if !matches!(name.as_str(), "migrations" | "settings") && !name.starts_with("system.") {
            store.database().collection::<bson::Document>(&name).delete_many(doc! {}).await.unwrap();
        }
    }
    store.database().collection::<bson::Document>("settings").delete_many(doc! {}).await.unwrap();
}
