//! What all collections of versioned documents have in common.

use bson::{Bson, Document, doc};
use futures::TryStreamExt;
use mongodb::{Collection, Database, action::Find};
use serde::{Serialize, de::DeserializeOwned};

use super::{StoreError, Tx};
use shop_domain::Id;

/// A document with an id and a version.
pub trait Stored: Serialize + DeserializeOwned + Unpin + Send + Sync + Sized {
    /// The collection that it lives in.
    const COLLECTION: &'static str;

    /// Its `_id`.
    fn id(&self) -> Id<Self>;

    /// How often it was changed.
    fn version(&self) -> i64;

    /// Notes a change.
    fn set_version(&mut self, version: i64);
}

/// A collection of versioned documents: found by id, saved by compare-and-set on the version.
#[derive(Debug)]
pub struct Documents<T: Send + Sync> {
    pub(super) collection: Collection<T>,
}

impl<T: Send + Sync> Clone for Documents<T> {
    fn clone(&self) -> Self {
        Self { collection: self.collection.clone() }
    }
}

impl<T: Stored> Documents<T> {
    pub(super) fn new(database: &Database) -> Self {
        Self { collection: database.collection(T::COLLECTION) }
    }

    /// The document with this id.
    pub async fn find(&self, id: Id<T>) -> Result<Option<T>, StoreError> {
        Ok(self.collection.find_one(doc! {"_id": id}).await?)
    }

    /// The document with this id, as the transaction sees it.
    pub async fn find_in(&self, tx: &mut Tx, id: Id<T>) -> Result<Option<T>, StoreError> {
        Ok(self.collection.find_one(doc! {"_id": id}).session(&mut tx.session).await?)
    }

    /// The documents with these ids, in no particular order; missing ones are missing.
    pub async fn find_all(&self, ids: impl IntoIterator<Item = Id<T>>) -> Result<Vec<T>, StoreError> {
        let ids: Vec<Bson> = ids.into_iter().map(Bson::from).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.collection.find(doc! {"_id": {"$in": ids}}).await?.try_collect().await?)
    }

    /// Adds a document.
    pub async fn insert(&self, document: &T) -> Result<(), StoreError> {
        self.collection.insert_one(document).await?;
        Ok(())
    }

    /// Adds a document in the transaction.
    pub async fn insert_in(&self, tx: &mut Tx, document: &T) -> Result<(), StoreError> {
        self.collection.insert_one(document).session(&mut tx.session).await?;
        Ok(())
    }

    /// Writes a changed document back.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if it was changed since it was read: read it again and decide again.
    pub async fn save(&self, document: &mut T) -> Result<(), StoreError> {
        let filter = next_version(document);
        let result = self.collection.replace_one(filter, &*document).await?;
        matched(result.matched_count)
    }

    /// Writes a changed document back in the transaction; see [`Documents::save`].
    pub async fn save_in(&self, tx: &mut Tx, document: &mut T) -> Result<(), StoreError> {
        let filter = next_version(document);
        let result = self.collection.replace_one(filter, &*document).session(&mut tx.session).await?;
        matched(result.matched_count)
    }

    pub(super) async fn collect(&self, find: Find<'_, T>) -> Result<Vec<T>, StoreError> {
        Ok(find.await?.try_collect().await?)
    }
}

/// Moves the version on and gives the filter that finds the document as it was.
fn next_version<T: Stored>(document: &mut T) -> Document {
    let before = document.version();
    document.set_version(before.saturating_add(1));
    doc! {"_id": document.id(), "version": before}
}

fn matched(count: u64) -> Result<(), StoreError> {
    if count == 1 { Ok(()) } else { Err(StoreError::Conflict(None)) }
}
