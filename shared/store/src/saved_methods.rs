//! `paymentMethods`: saved payment methods. Every query of a customer names the owner: those of others do not exist.

use std::ops::Deref;

use bson::{Document, doc};
use mongodb::Database;

use super::{Documents, StoreError, Stored, Tx, Versioned};
use shop_domain::{Id, Timestamp, payment::PaymentSource, saved_method::SavedMethod, user::User};

/// The collection `paymentMethods`.
#[derive(Clone, Debug)]
pub struct SavedMethods(Documents<SavedMethod>);

impl Stored for SavedMethod {
    const COLLECTION: &'static str = "paymentMethods";

    fn id(&self) -> Id<Self> {
        self.id
    }
}

impl Deref for SavedMethods {
    type Target = Documents<SavedMethod>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

fn of(user: Id<User>) -> Document {
    doc! {"user": user, "deletedAt": {"$exists": false}}
}

fn one_of(user: Id<User>, id: Id<SavedMethod>) -> Document {
    doc! {"_id": id, "user": user, "deletedAt": {"$exists": false}}
}

impl SavedMethods {
    pub(super) fn new(database: &Database) -> Self {
        Self(Documents::new(database))
    }

    /// The method, if it is theirs.
    pub async fn find_of(
        &self,
        user: Id<User>,
        id: Id<SavedMethod>,
    ) -> Result<Option<Versioned<SavedMethod>>, StoreError> {
        Ok(self.collection.find_one(one_of(user, id)).await?)
    }

    /// The method, if it is theirs, as the transaction sees it.
    pub async fn find_of_in(
        &self,
        tx: &mut Tx,
        user: Id<User>,
        id: Id<SavedMethod>,
    ) -> Result<Option<Versioned<SavedMethod>>, StoreError> {
        Ok(self.collection.find_one(one_of(user, id)).session(&mut tx.session).await?)
    }

    /// The method with this token, also a deleted one, as the transaction sees it.
    pub async fn find_by_token_in(
        &self,
        tx: &mut Tx,
        token: &PaymentSource,
    ) -> Result<Option<Versioned<SavedMethod>>, StoreError> {
        Ok(self.collection.find_one(doc! {"token": token.expose()}).session(&mut tx.session).await?)
    }

    /// Their methods, the newest first, behind the one that `after` names.
    pub async fn list_of(
        &self,
        user: Id<User>,
        after: Option<Id<SavedMethod>>,
        limit: i64,
    ) -> Result<Vec<SavedMethod>, StoreError> {
        let mut filter = of(user);
        if let Some(after) = after {
            filter.insert("_id", doc! {"$lt": after});
        }
        self.collect(self.collection.find(filter).sort(doc! {"_id": -1}).limit(limit)).await
    }

    /// How many methods they have.
    pub async fn count_of(&self, user: Id<User>) -> Result<u64, StoreError> {
        Ok(self.collection.count_documents(of(user)).await?)
    }

    /// How many methods they have, as the transaction sees it.
    pub async fn count_of_in(&self, tx: &mut Tx, user: Id<User>) -> Result<u64, StoreError> {
        Ok(self.collection.count_documents(of(user)).session(&mut tx.session).await?)
    }

    /// Leaves the user without a default. Parallel calls for one user have to be ordered by
    /// [`super::users::Users::lock_in`].
    pub async fn unset_default_in(&self, tx: &mut Tx, user: Id<User>, now: Timestamp) -> Result<(), StoreError> {
        let update = doc! {"$set": {"isDefault": false, "updatedAt": now}, "$inc": {"version": 1}};
        self.collection.update_many(doc! {"user": user, "isDefault": true}, update).session(&mut tx.session).await?;
        Ok(())
    }

    /// Removes a deleted method, once the gateway has detached it.
    pub async fn remove(&self, id: Id<SavedMethod>) -> Result<(), StoreError> {
        self.collection.delete_one(doc! {"_id": id, "deletedAt": {"$exists": true}}).await?;
        Ok(())
    }

    /// Methods that were deleted before `before` and that the gateway has not detached yet, oldest first.
    pub async fn list_deleted_since(&self, before: Timestamp, limit: i64) -> Result<Vec<SavedMethod>, StoreError> {
        let filter = doc! {"deletedAt": {"$exists": true}, "updatedAt": {"$lte": before}};
        self.collect(self.collection.find(filter).sort(doc! {"updatedAt": 1}).limit(limit)).await
    }
}
