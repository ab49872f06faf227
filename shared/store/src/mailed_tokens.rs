//! `mailedTokens`.

use bson::{Document, doc};
use mongodb::{Collection, Database};

use super::{StoreError, Tx, WithSchema};
use shop_domain::{
    Id, Timestamp,
    user::{MailedToken, TokenPurpose, User},
};

/// The collection `mailedTokens`.
#[derive(Clone, Debug)]
pub struct MailedTokens {
    collection: Collection<MailedToken>,
}

/// The server removes expired documents with up to a minute's delay, so every query asks.
fn good(token_hash: &str, purpose: TokenPurpose, now: Timestamp) -> Document {
    doc! {"_id": token_hash, "purpose": purpose.as_str(), "expiresAt": {"$gt": now}}
}

impl MailedTokens {
    pub(super) fn new(database: &Database) -> Self {
        Self { collection: database.collection("mailedTokens") }
    }

    /// Adds a token.
    pub async fn insert(&self, token: &MailedToken) -> Result<(), StoreError> {
        self.collection.clone_with_type().insert_one(WithSchema::of(token)).await?;
        Ok(())
    }

    /// The token, if it would be accepted now. It stays good.
    pub async fn find(
        &self,
        token_hash: &str,
        purpose: TokenPurpose,
        now: Timestamp,
    ) -> Result<Option<MailedToken>, StoreError> {
        Ok(self.collection.find_one(good(token_hash, purpose, now)).await?)
    }

    /// Whether the token would be accepted now.
    pub async fn is_good(&self, token_hash: &str, purpose: TokenPurpose, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.collection.find_one(good(token_hash, purpose, now)).await?.is_some())
    }

    /// Redeems a token, and with it all others of the same user and purpose. Returns its user; `None` if it is unknown,
    /// expired, used, or for something else.
    pub async fn consume_in(
        &self,
        tx: &mut Tx,
        token_hash: &str,
        purpose: TokenPurpose,
        now: Timestamp,
    ) -> Result<Option<Id<User>>, StoreError> {
        let found =
            self.collection.find_one_and_delete(good(token_hash, purpose, now)).session(&mut tx.session).await?;
        let Some(token) = found else { return Ok(None) };
        self.forget_in(tx, token.user, purpose).await?;
        Ok(Some(token.user))
    }

    /// Makes the user's tokens for this purpose worthless.
    pub async fn forget_in(&self, tx: &mut Tx, user: Id<User>, purpose: TokenPurpose) -> Result<(), StoreError> {
        let filter = doc! {"user": user, "purpose": purpose.as_str()};
        self.collection.delete_many(filter).session(&mut tx.session).await?;
        Ok(())
    }
}
