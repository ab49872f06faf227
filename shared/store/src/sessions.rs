//! `sessions`: refresh tokens, used ones included until they expire, so that a replay is recognised.
//!
//! Everything here takes part in a transaction: an exchange and a revocation of one family both write the token that still
//! works, so one of them waits for the other and no successor outlives a revocation.

use bson::doc;
use mongodb::{Collection, Database};

use super::{StoreError, Tx, WithSchema};
use shop_domain::{
    Id, Timestamp,
    session::{Session, SessionFamily},
    user::User,
};

/// The collection `sessions`.
#[derive(Clone, Debug)]
pub struct Sessions {
    collection: Collection<Session>,
}

impl Sessions {
    pub(super) fn new(database: &Database) -> Self {
        Self { collection: database.collection("sessions") }
    }

    /// The session of a token, as the transaction sees it.
    pub async fn find_in(&self, tx: &mut Tx, token_hash: &str) -> Result<Option<Session>, StoreError> {
        Ok(self.collection.find_one(doc! {"tokenHash": token_hash}).session(&mut tx.session).await?)
    }

    /// Adds a token.
    pub async fn insert_in(&self, tx: &mut Tx, session: &Session) -> Result<(), StoreError> {
        self.collection.clone_with_type().insert_one(WithSchema::of(session)).session(&mut tx.session).await?;
        Ok(())
    }

    /// Exchanges a token for its successor.
    ///
    /// # Errors
    /// [`StoreError::VersionMismatch`] if it was exchanged or revoked since it was read: of parallel exchanges one wins.
    pub async fn exchange_in(
        &self,
        tx: &mut Tx,
        used: Id<Session>,
        successor: &Session,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let filter = doc! {"_id": used, "usedAt": {"$exists": false}};
        let result =
            self.collection.update_one(filter, doc! {"$set": {"usedAt": now}}).session(&mut tx.session).await?;
        if result.matched_count == 0 {
            return Err(StoreError::VersionMismatch);
        }
        self.insert_in(tx, successor).await
    }

    /// Ends a login.
    pub async fn revoke_family_in(&self, tx: &mut Tx, family: Id<SessionFamily>) -> Result<(), StoreError> {
        self.collection.delete_many(doc! {"family": family}).session(&mut tx.session).await?;
        Ok(())
    }

    /// Ends all logins of a user.
    pub async fn revoke_all_in(&self, tx: &mut Tx, user: Id<User>) -> Result<(), StoreError> {
        self.collection.delete_many(doc! {"user": user}).session(&mut tx.session).await?;
        Ok(())
    }
}
