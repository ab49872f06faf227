//! `wishlists`. Every query names the owner, or the token by which others read a list: a stranger's list does not exist.

use std::ops::Deref;

use bson::{Document, doc};
use futures::TryStreamExt;
use mongodb::Database;
use serde::Deserialize;

use super::{Documents, StoreError, Stored, Tx, Versioned};
use shop_domain::{Id, Timestamp, user::User, wishlist::Wishlist};

/// The collection `wishlists`.
#[derive(Clone, Debug)]
pub struct Wishlists(Documents<Wishlist>);

impl Stored for Wishlist {
    const COLLECTION: &'static str = "wishlists";

    fn id(&self) -> Id<Self> {
        self.id
    }
}

impl Deref for Wishlists {
    type Target = Documents<Wishlist>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// A list without what is on it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WishlistSummary {
    /// Its id.
    #[serde(rename = "_id")]
    pub id: Id<Wishlist>,
    /// What its owner calls it.
    pub name: String,
    /// How many products are on it.
    pub item_count: i64,
    /// Whether others can read it.
    pub is_public: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

fn one_of(user: Id<User>, id: Id<Wishlist>) -> Document {
    doc! {"_id": id, "user": user}
}

impl Wishlists {
    pub(super) fn new(database: &Database) -> Self {
        Self(Documents::new(database))
    }

    /// The list, if it is theirs.
    pub async fn find_of(&self, user: Id<User>, id: Id<Wishlist>) -> Result<Option<Versioned<Wishlist>>, StoreError> {
        Ok(self.collection.find_one(one_of(user, id)).await?)
    }

    /// The list, if it is theirs, as the transaction sees it.
    pub async fn find_of_in(
        &self,
        tx: &mut Tx,
        user: Id<User>,
        id: Id<Wishlist>,
    ) -> Result<Option<Versioned<Wishlist>>, StoreError> {
        Ok(self.collection.find_one(one_of(user, id)).session(&mut tx.session).await?)
    }

    /// The public list whose token has this hash.
    pub async fn find_shared(&self, token_hash: &str) -> Result<Option<Versioned<Wishlist>>, StoreError> {
        Ok(self.collection.find_one(doc! {"shareToken": token_hash, "isPublic": true}).await?)
    }

    /// Their lists, the newest first, behind the one that `after` names.
    pub async fn list_of(
        &self,
        user: Id<User>,
        after: Option<Id<Wishlist>>,
        limit: i64,
    ) -> Result<Vec<WishlistSummary>, StoreError> {
        let mut filter = doc! {"user": user};
        if let Some(after) = after {
            filter.insert("_id", doc! {"$lt": after});
        }
        let pipeline = [
            doc! {"$match": filter},
            doc! {"$sort": {"_id": -1}},
            doc! {"$limit": limit},
            doc! {"$set": {"itemCount": {"$size": "$items"}}},
            doc! {"$unset": ["items", "shareToken"]},
        ];
        Ok(self.collection.aggregate(pipeline).with_type::<WishlistSummary>().await?.try_collect().await?)
    }

    /// How many lists they have.
    pub async fn count_of(&self, user: Id<User>) -> Result<u64, StoreError> {
        Ok(self.collection.count_documents(doc! {"user": user}).await?)
    }

    /// How many lists they have, as the transaction sees it. Parallel additions for one user have to be ordered by
    /// [`super::users::Users::lock_in`].
    pub async fn count_of_in(&self, tx: &mut Tx, user: Id<User>) -> Result<u64, StoreError> {
        Ok(self.collection.count_documents(doc! {"user": user}).session(&mut tx.session).await?)
    }

    /// Removes the list, if it is theirs; whether it was.
    pub async fn remove_of(&self, user: Id<User>, id: Id<Wishlist>) -> Result<bool, StoreError> {
        Ok(self.collection.delete_one(one_of(user, id)).await?.deleted_count == 1)
    }
}
