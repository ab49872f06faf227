//! What the database has to look like before the shop can use it, step by step.
//!
//! Migrations only go forward, each is applied once and recorded in the ledger, the collection `migrations`. A released
//! migration is never edited: what it got wrong, the next one puts right.
//!
//! A new one is a file `mNNNN_<what>.rs` with `pub(super) async fn run(database, progress)` and a line in `ALL`. It must
//! be idempotent: a migrator that dies halfway leaves no entry, and the next one starts that migration from its beginning.
//! It must also leave the functions that are running meanwhile able to go on: add first, take away one release later.

#[cfg(test)]
mod documented;
mod lock;
mod m0001_collections;
mod specs;
mod vocabulary;

use std::time::Instant;

use bson::doc;
use futures::{TryStreamExt, future::BoxFuture};
use mongodb::{Collection, Database};
use serde::{Deserialize, Serialize};

use super::{Store, StoreError};
use lock::Lock;
use shop_domain::{Clock, Timestamp};

/// The name of the ledger.
const LEDGER: &str = "migrations";

/// Reports what is being done.
type Progress<'a> = &'a mut (dyn FnMut(&str) + Send);

struct Migration {
    id: &'static str,
    name: &'static str,
    run: for<'a> fn(&'a Database, Progress<'a>) -> BoxFuture<'a, Result<(), StoreError>>,
}

/// Every migration, in the order in which they are applied.
const ALL: &[Migration] = &[Migration {
    id: "m0001",
    name: "collections, validators and indexes",
    run: |database, progress| Box::pin(m0001_collections::run(database, progress)),
}];

/// An applied migration, as the ledger records it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppliedMigration {
    /// `m0001`.
    #[serde(rename = "_id")]
    pub id: String,
    /// What it did.
    pub name: String,
    /// When it was finished.
    pub applied_at: Timestamp,
    /// How long it took.
    pub duration_ms: i64,
}

/// What a run of [`migrate`] found and did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many had been applied before.
    pub before: usize,
    /// What was applied now, in order.
    pub now: Vec<AppliedMigration>,
}

/// Why the database could not be migrated. Whatever was applied before the error stays; run it again.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// One of them did not work.
    #[error("migration {id} ({name}) failed")]
    Failed {
        /// Which one.
        id: &'static str,
        /// What it does.
        name: &'static str,
        /// Why.
        #[source]
        source: Box<StoreError>,
    },
    /// Another migrator took over, because this one had not been heard of for too long.
    #[error("another migrator took over")]
    TakenOver,
    /// The ledger names a migration that this program does not have.
    #[error(
        "the database has migration {id}, which this version does not know: use the version that applied it, or a newer one"
    )]
    Newer {
        /// The first such migration.
        id: String,
    },
    /// The ledger or the lock could not be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Applies every migration that the database does not have yet.
///
/// Of several migrators at once one works while the others wait for it and then find nothing to do. `progress` is told
/// each step in words.
///
/// # Errors
/// If a migration fails: what it had done stays, and the next run starts it again.
pub async fn migrate(
    store: &Store,
    clock: &Clock,
    mut progress: impl FnMut(&str) + Send,
) -> Result<Report, MigrationError> {
    let database = store.database();
    // Nothing to do is the usual case, and needs no lock.
    let applied = applied(database).await?;
    if missing(&applied)?.is_empty() {
        return Ok(Report { before: applied.len(), now: Vec::new() });
    }
    let lock = Lock::acquire(database, &mut progress).await?;
    let outcome = lock.hold_while(apply_missing(database, clock, &mut progress)).await;
    let released = lock.release().await;
    let report = outcome?;
    released?;
    Ok(report)
}

/// The ids of the migrations that the database does not have yet, in order.
///
/// # Errors
/// If the ledger cannot be read, or names a migration that this program does not have.
pub async fn pending(store: &Store) -> Result<Vec<&'static str>, MigrationError> {
    Ok(missing(&applied(store.database()).await?)?.into_iter().map(|migration| migration.id).collect())
}

async fn apply_missing(database: &Database, clock: &Clock, progress: Progress<'_>) -> Result<Report, MigrationError> {
    let applied = applied(database).await?;
    let mut report = Report { before: applied.len(), now: Vec::new() };
    let ledger: Collection<AppliedMigration> = database.collection(LEDGER);
    for Migration { id, name, run } in missing(&applied)? {
        progress(&format!("{id}: {name}"));
        let started = Instant::now();
        let failed = |source: StoreError| MigrationError::Failed { id, name, source: Box::new(source) };
        run(database, &mut *progress).await.map_err(failed)?;
        let entry = AppliedMigration {
            id: (*id).to_owned(),
            name: (*name).to_owned(),
            applied_at: clock.now(),
            duration_ms: i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX),
        };
        ledger.insert_one(&entry).await.map_err(|error| failed(error.into()))?;
        report.now.push(entry);
    }
    Ok(report)
}

/// What the ledger says, oldest first.
async fn applied(database: &Database) -> Result<Vec<AppliedMigration>, StoreError> {
    let ledger: Collection<AppliedMigration> = database.collection(LEDGER);
    Ok(ledger.find(doc! {"_id": {"$ne": lock::ID}}).sort(doc! {"_id": 1}).await?.try_collect().await?)
}

fn missing(applied: &[AppliedMigration]) -> Result<Vec<&'static Migration>, MigrationError> {
    let is_known = |entry: &&AppliedMigration| ALL.iter().any(|migration| migration.id == entry.id);
    if let Some(unknown) = applied.iter().find(|entry| !is_known(entry)) {
        return Err(MigrationError::Newer { id: unknown.id.clone() });
    }
    Ok(ALL.iter().filter(|migration| !applied.iter().any(|entry| entry.id == migration.id)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str) -> AppliedMigration {
        AppliedMigration {
            id: id.to_owned(),
            name: String::new(),
            applied_at: Timestamp::from_millis(0),
            duration_ms: 0,
        }
    }

    #[test]
    fn ids_ascend_and_are_unique() {
        assert!(ALL.is_sorted_by(|left, right| left.id < right.id));
    }

    #[test]
    fn applied_migrations_are_not_missing() {
        assert_eq!(missing(&[]).unwrap().len(), ALL.len());
        let all: Vec<_> = ALL.iter().map(|migration| entry(migration.id)).collect();
        assert!(missing(&all).unwrap().is_empty());
    }

    #[test]
    fn a_database_of_a_newer_version_is_refused() {
        assert!(matches!(missing(&[entry("m9999")]), Err(MigrationError::Newer { id }) if id == "m9999"));
    }
}
