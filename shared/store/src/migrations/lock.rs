//! One migrator at a time.
//!
//! The lock is a lease in the ledger, renewed while its holder works: one that dies stops renewing, and another takes over
//! after [`LEASE_SECONDS`]. Only the server's clock counts, so migrators on machines whose clocks differ still agree.

use std::{future::Future, pin::pin, time::Duration};

use bson::{Document, doc};
use mongodb::{Collection, Database};

use super::{LEDGER, MigrationError, Progress};
use crate::StoreError;
use shop_domain::Id;

/// Its place in the ledger; no migration is called so.
pub(super) const ID: &str = "lock";

const LEASE_SECONDS: i32 = 30;
const RENEW_EVERY: Duration = Duration::from_secs(10);
const LOOK_AGAIN_AFTER: Duration = Duration::from_millis(200);

/// The right to migrate.
pub(super) struct Lock {
    ledger: Collection<Document>,
    holder: Id<()>,
}

impl Lock {
    /// Waits for the lock: at most until its holder is done or has not been heard of for [`LEASE_SECONDS`].
    pub(super) async fn acquire(database: &Database, progress: Progress<'_>) -> Result<Self, StoreError> {
        let lock = Self { ledger: database.collection(LEDGER), holder: Id::new() };
        let mut has_told = false;
        while !lock.take().await? {
            if !has_told {
                progress("another migrator is at work: waiting for it");
                has_told = true;
            }
            tokio::time::sleep(LOOK_AGAIN_AFTER).await;
        }
        Ok(lock)
    }

    /// Works while renewing the lease.
    ///
    /// # Errors
    /// What the work ends with, or [`MigrationError::TakenOver`]: then the work was stopped where it was.
    pub(super) async fn hold_while<T>(
        &self,
        work: impl Future<Output = Result<T, MigrationError>>,
    ) -> Result<T, MigrationError> {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                outcome = &mut work => return outcome,
                () = tokio::time::sleep(RENEW_EVERY) => {
                    if !self.write(doc! {"_id": ID, "holder": self.holder}, false).await? {
                        return Err(MigrationError::TakenOver);
                    }
                }
            }
        }
    }

    /// Lets the next one in.
    pub(super) async fn release(&self) -> Result<(), StoreError> {
        self.ledger.delete_one(doc! {"_id": ID, "holder": self.holder}).await?;
        Ok(())
    }

    async fn take(&self) -> Result<bool, StoreError> {
        // There is one document with this id: a migrator that does not hold it collides with it.
        match self.write(doc! {"_id": ID, "holder": self.holder}, true).await {
            Err(StoreError::Duplicate { .. }) => {}
            other => return other,
        }
        self.write(doc! {"_id": ID, "$expr": {"$lt": ["$expiresAt", "$$NOW"]}}, false).await
    }

    async fn write(&self, filter: Document, may_insert: bool) -> Result<bool, StoreError> {
        let expires_at = doc! {"$dateAdd": {"startDate": "$$NOW", "unit": "second", "amount": LEASE_SECONDS}};
        let lease = vec![doc! {"$set": {"holder": self.holder, "expiresAt": expires_at}}];
        let result = self.ledger.update_one(filter, lease).upsert(may_insert).await?;
        Ok(result.matched_count == 1 || result.upserted_id.is_some())
    }
}
