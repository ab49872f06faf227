//! Migrations: applied once, by one migrator, to what `docs/DATA-MODEL.md` says.

use std::{collections::BTreeMap, time::Duration};

use bson::{Document, doc};
use futures::TryStreamExt;
use shared::{
    domain::{Clock, Id},
    store::{
        PoolSize, Store,
        migrations::{self, MigrationError},
    },
};
use tests::place::components;

/// A database without anything in it, dropped in the end.
pub(crate) struct EmptyDatabase(pub(crate) Store);

impl EmptyDatabase {
    pub(crate) async fn new() -> Self {
        let name = format!("empty_{}", Id::<()>::new());
        let store = Store::connect(&components().await.mongodb_uri, &name, "tests", PoolSize(8)).await.unwrap();
        Self(store)
    }

    pub(crate) async fn migrated() -> Self {
        let database = Self::new().await;
        database.migrate().await;
        database
    }

    async fn migrate(&self) -> migrations::Report {
        migrations::migrate(&self.0, &Clock::system(), |_| ()).await.unwrap()
    }

    pub(crate) async fn drop(self) {
        self.0.database().drop().await.unwrap();
    }

    /// Everything that a migration could have made, and the ledger.
    async fn contents(&self) -> Vec<Document> {
        let database = self.0.database();
        let mut collections: Vec<Document> = Vec::new();
        for collection in database.list_collections().await.unwrap().try_collect::<Vec<_>>().await.unwrap() {
            let mut seen = bson::serialize_to_document(&collection).unwrap();
            seen.insert("indexes", self.indexes(&collection.name).await);
            collections.push(seen);
        }
        collections.sort_by_key(|collection| collection.get_str("name").unwrap().to_owned());
        collections.extend(self.ledger().await);
        collections
    }

    async fn ledger(&self) -> Vec<Document> {
        let ledger = self.0.database().collection("migrations");
        ledger.find(doc! {}).await.unwrap().try_collect().await.unwrap()
    }

    async fn indexes(&self, collection: &str) -> Vec<String> {
        let mut names = self.0.database().collection::<Document>(collection).list_index_names().await.unwrap();
        names.sort();
        names
    }
}

#[tokio::test]
async fn migrating_again_changes_nothing() {
    let database = EmptyDatabase::new().await;
    let first = database.migrate().await;
    assert_eq!(first.before, 0);
    let contents = database.contents().await;
    assert_eq!(database.ledger().await.len(), first.now.len());

    let second = database.migrate().await;
    assert_eq!((second.before, second.now.len()), (first.now.len(), 0));
    assert_eq!(database.contents().await, contents);
    assert!(migrations::pending(&database.0).await.unwrap().is_empty());
    database.drop().await;
}

#[tokio::test]
async fn an_interrupted_migration_is_restarted() {
    let database = EmptyDatabase::migrated().await;
    let contents = database.contents().await;
    let ledger = database.0.database().collection::<Document>("migrations");
    ledger.delete_many(doc! {}).await.unwrap();
    // As if the first attempt had died before its last steps.
    database.0.database().collection::<Document>("webhooks").drop().await.unwrap();
    database.0.database().collection::<Document>("orders").drop_index("orderNumber_1").await.unwrap();

    assert_eq!(database.migrate().await.before, 0);
    let without_ledger = |contents: Vec<Document>| -> Vec<Document> {
        // Collections that were made anew have new ids.
        let collections = contents.into_iter().filter(|entry| entry.contains_key("options"));
        collections
            .map(|mut collection| {
                collection.remove("info");
                collection
            })
            .collect()
    };
    assert_eq!(without_ledger(database.contents().await), without_ledger(contents));
    database.drop().await;
}

#[tokio::test]
async fn of_several_migrators_one_works_and_the_others_wait() {
    let database = EmptyDatabase::new().await;
    let migrators = (0..5).map(|_| {
        let store = database.0.clone();
        tokio::spawn(async move { migrations::migrate(&store, &Clock::system(), |_| ()).await.unwrap().now.len() })
    });
    let mut applied = Vec::new();
    for migrator in migrators.collect::<Vec<_>>() {
        applied.push(migrator.await.unwrap());
    }
    applied.sort_unstable();
    assert_eq!(applied[..4], [0, 0, 0, 0]);
    assert!(applied[4] > 0);
    assert_eq!(database.ledger().await.len(), applied[4], "the lock is gone");
    database.drop().await;
}

#[tokio::test]
async fn the_lock_of_a_dead_migrator_expires() {
    let database = EmptyDatabase::new().await;
    let expires_at = Clock::system().now().plus(Duration::from_millis(700));
    let lock = doc! {"_id": "lock", "holder": Id::<()>::new(), "expiresAt": expires_at};
    database.0.database().collection("migrations").insert_one(lock).await.unwrap();
    let mut told = Vec::new();
    let report = migrations::migrate(&database.0, &Clock::system(), |step| told.push(step.to_owned())).await.unwrap();
    assert!(told[0].contains("waiting"), "{told:?}");
    assert!(!report.now.is_empty());
    assert!(Clock::system().now() >= expires_at);
    database.drop().await;
}

#[tokio::test]
async fn a_database_migrated_by_a_newer_version_is_refused() {
    let database = EmptyDatabase::migrated().await;
    let entry = doc! {"_id": "m9999", "name": "later", "appliedAt": Clock::system().now(), "durationMs": 1};
    database.0.database().collection("migrations").insert_one(entry).await.unwrap();
    let refused = migrations::migrate(&database.0, &Clock::system(), |_| ()).await;
    assert!(matches!(refused, Err(MigrationError::Newer { id }) if id == "m9999"));
    database.drop().await;
}

/// The page itself is held to the migration by a test beside it; this one asks the server.
#[tokio::test]
async fn the_server_has_the_collections_and_indexes_that_the_data_model_lists() {
    let database = EmptyDatabase::migrated().await;
    let mut found = BTreeMap::new();
    for name in database.0.database().list_collection_names().await.unwrap() {
        found.insert(name.clone(), database.indexes(&name).await);
    }
    assert_eq!(found, listed(include_str!("../../docs/DATA-MODEL.md")));
    database.drop().await;
}

/// Collections and index names out of the page's last section.
fn listed(page: &str) -> BTreeMap<String, Vec<String>> {
    let (_, section) = page.split_once("\n## Collections\n").unwrap();
    let mut collections = BTreeMap::new();
    for part in section.split("\n### `").skip(1) {
        let (name, rest) = part.split_once('`').unwrap();
        let rows = rest.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        let mut indexes: Vec<String> = rows.map(str::to_owned).chain(["_id_".to_owned()]).collect();
        indexes.sort();
        collections.insert(name.to_owned(), indexes);
    }
    collections
}
