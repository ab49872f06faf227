//! `addresses`: the address books. Every query names the owner: a stranger's address does not exist.

use std::ops::Deref;

use bson::{Bson, Document, doc};
use mongodb::Database;

use super::{Documents, StoreError, Stored, Tx, Versioned};
use shop_domain::{Id, Timestamp, address::SavedAddress, user::User};

/// The collection `addresses`.
#[derive(Clone, Debug)]
pub struct Addresses(Documents<SavedAddress>);

impl Stored for SavedAddress {
    const COLLECTION: &'static str = "addresses";

    fn id(&self) -> Id<Self> {
        self.id
    }
}

impl Deref for Addresses {
    type Target = Documents<SavedAddress>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

fn of(user: Id<User>) -> Document {
    doc! {"user": user, "isActive": true}
}

fn one_of(user: Id<User>, id: Id<SavedAddress>) -> Document {
    doc! {"_id": id, "user": user, "isActive": true}
}

impl Addresses {
    pub(super) fn new(database: &Database) -> Self {
        Self(Documents::new(database))
    }

    /// The address, if it is theirs.
    pub async fn find_of(
        &self,
        user: Id<User>,
        id: Id<SavedAddress>,
    ) -> Result<Option<Versioned<SavedAddress>>, StoreError> {
        Ok(self.collection.find_one(one_of(user, id)).await?)
    }

    /// The address, if it is theirs, as the transaction sees it.
    pub async fn find_of_in(
        &self,
        tx: &mut Tx,
        user: Id<User>,
        id: Id<SavedAddress>,
    ) -> Result<Option<Versioned<SavedAddress>>, StoreError> {
        Ok(self.collection.find_one(one_of(user, id)).session(&mut tx.session).await?)
    }

    /// Their addresses, the newest first, behind the one that `after` names.
    pub async fn list_of(
        &self,
        user: Id<User>,
        after: Option<Id<SavedAddress>>,
        limit: i64,
    ) -> Result<Vec<SavedAddress>, StoreError> {
        let mut filter = of(user);
        if let Some(after) = after {
            filter.insert("_id", doc! {"$lt": after});
        }
        self.collect(self.collection.find(filter).sort(doc! {"_id": -1}).limit(limit)).await
    }

    /// How many addresses they have.
    pub async fn count_of(&self, user: Id<User>) -> Result<u64, StoreError> {
        Ok(self.collection.count_documents(of(user)).await?)
    }

    /// How many addresses they have, as the transaction sees it.
    pub async fn count_of_in(&self, tx: &mut Tx, user: Id<User>) -> Result<u64, StoreError> {
        Ok(self.collection.count_documents(of(user)).session(&mut tx.session).await?)
    }

    /// Makes the address the only default for what it is used for. Parallel calls for one user have to be ordered by
    /// [`super::users::Users::lock_in`].
    pub async fn yield_default_to_in(
        &self,
        tx: &mut Tx,
        address: &SavedAddress,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let rivals: Vec<Bson> = address.kind.rivals().iter().map(|kind| kind.as_str().into()).collect();
        let filter = doc! {
            "user": address.user, "isDefault": true, "type": {"$in": rivals}, "_id": {"$ne": address.id},
        };
        let update = doc! {"$set": {"isDefault": false, "updatedAt": now}, "$inc": {"version": 1}};
        self.collection.update_many(filter, update).session(&mut tx.session).await?;
        Ok(())
    }
}
