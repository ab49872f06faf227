//! What all collections have in common: how a document carries its version and its schema version.

use std::ops::{Deref, DerefMut};

use bson::{Bson, Document, RawDocumentBuf, doc};
use futures::TryStreamExt;
use mongodb::{Collection, Database, action::Find};
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned, de::Error as _};

use super::{StoreError, Tx};
use shop_domain::{Id, Kind};

/// The version of the document shapes that this code writes, kept in each document's `schemaVersion`.
pub(super) const SCHEMA_VERSION: i32 = 1;

/// An aggregate with a collection of its own.
pub trait Stored: Kind + Serialize + DeserializeOwned + Unpin + Send + Sync + Sized {
    /// The collection that it lives in.
    const COLLECTION: &'static str;

    /// Its `_id`.
    fn id(&self) -> Id<Self>;
}

/// An aggregate and the version of its document, which each change increments.
#[derive(Clone, Debug)]
pub struct Versioned<T> {
    value: T,
    version: i64,
}

impl<T> Versioned<T> {
    /// An aggregate that is not stored yet: version 0.
    pub const fn new(value: T) -> Self {
        Self { value, version: 0 }
    }

    /// An aggregate as its first document: version 1.
    pub const fn first(value: T) -> Self {
        Self { value, version: 1 }
    }

    /// How often the document was written; 0 if it is not stored yet.
    pub const fn version(&self) -> i64 {
        self.version
    }

    /// The aggregate alone, to show it or to begin another one with it.
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T> Deref for Versioned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Versioned<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T: Serialize> Serialize for Versioned<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Fields<'a, T> {
            #[serde(flatten)]
            value: &'a T,
            version: i64,
        }
        WithSchema::of(Fields { value: &self.value, version: self.version }).serialize(serializer)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Versioned<T> {
    // Not `flatten`: it reads through a buffer that forgets how BSON spells ids and times.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let document = RawDocumentBuf::deserialize(deserializer)?;
        let version = document.get_i64("version").map_err(D::Error::custom)?;
        let value = bson::deserialize_from_slice(document.as_bytes()).map_err(D::Error::custom)?;
        Ok(Self { value, version })
    }
}

/// A document as it is written: with its schema version.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WithSchema<T> {
    #[serde(flatten)]
    document: T,
    schema_version: i32,
}

impl<T> WithSchema<T> {
    /// In the shape that this code writes.
    pub const fn of(document: T) -> Self {
        Self { document, schema_version: SCHEMA_VERSION }
    }
}

/// A collection of versioned documents: found by id, saved by compare-and-set on the version.
#[derive(Debug)]
pub struct Documents<T: Send + Sync> {
    pub(super) collection: Collection<Versioned<T>>,
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
    pub async fn find(&self, id: Id<T>) -> Result<Option<Versioned<T>>, StoreError> {
        Ok(self.collection.find_one(doc! {"_id": id}).await?)
    }

    /// The document with this id, as the transaction sees it.
    pub async fn find_in(&self, tx: &mut Tx, id: Id<T>) -> Result<Option<Versioned<T>>, StoreError> {
        Ok(self.collection.find_one(doc! {"_id": id}).session(&mut tx.session).await?)
    }

    /// The documents with these ids, in no particular order; missing ones are missing.
    pub async fn find_all(&self, ids: impl IntoIterator<Item = Id<T>>) -> Result<Vec<T>, StoreError> {
        let ids: Vec<Bson> = ids.into_iter().map(Bson::from).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        self.collect(self.collection.find(doc! {"_id": {"$in": ids}})).await
    }

    /// Adds a document.
    pub async fn insert(&self, document: &T) -> Result<(), StoreError> {
        self.collection.clone_with_type().insert_one(Versioned::first(document)).await?;
        Ok(())
    }

    /// Adds a document in the transaction.
    pub async fn insert_in(&self, tx: &mut Tx, document: &T) -> Result<(), StoreError> {
        self.collection.clone_with_type().insert_one(Versioned::first(document)).session(&mut tx.session).await?;
        Ok(())
    }

    /// Writes a changed document back, or inserts it if it is not stored yet.
    ///
    /// # Errors
    /// [`StoreError::VersionMismatch`] if it was changed since it was read: read it again and decide again.
    pub async fn save(&self, document: &mut Versioned<T>) -> Result<(), StoreError> {
        match next_version(document) {
            None => {
                self.collection.insert_one(&*document).await?;
                Ok(())
            }
            Some(previous) => matched(self.collection.replace_one(previous, &*document).await?.matched_count),
        }
    }

    /// Writes a changed document back in the transaction; see [`Documents::save`].
    pub async fn save_in(&self, tx: &mut Tx, document: &mut Versioned<T>) -> Result<(), StoreError> {
        match next_version(document) {
            None => {
                self.collection.insert_one(&*document).session(&mut tx.session).await?;
                Ok(())
            }
            Some(previous) => {
                let replaced = self.collection.replace_one(previous, &*document).session(&mut tx.session).await?;
                matched(replaced.matched_count)
            }
        }
    }

    pub(super) async fn collect(&self, find: Find<'_, Versioned<T>>) -> Result<Vec<T>, StoreError> {
        Ok(find.await?.map_ok(Versioned::into_inner).try_collect().await?)
    }
}

/// Increments the version. The filter finds the document as it was read; there is none if it is not stored yet.
fn next_version<T: Stored>(document: &mut Versioned<T>) -> Option<Document> {
    let previous = document.version;
    document.version = previous.saturating_add(1);
    (previous > 0).then(|| doc! {"_id": document.id(), "version": previous})
}

fn matched(count: u64) -> Result<(), StoreError> {
    if count == 1 { Ok(()) } else { Err(StoreError::VersionMismatch) }
}
