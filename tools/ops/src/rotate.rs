//! Seals again what another key than the current one has sealed, so that the old key can be removed.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result};
use bson::{Document, doc, oid::ObjectId};
use futures::TryStreamExt as _;
use mongodb::Collection;
use shared::{
    domain::{
        Random,
        sealing::{KeyRing, Sealed, SealedField, SealingError},
    },
    store::Store,
};

/// The documents that are read at once.
const BATCH: i64 = 500;
/// How often a document is read again because the shop changed it meanwhile.
const MAX_ATTEMPTS: usize = 10;

/// The result of a rotation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// The documents that were sealed again; of a dry run, those that would be.
    pub resealed: u64,
    /// The values that do not open: collection, id, field and reason.
    pub unreadable: Vec<String>,
    /// The documents that changed too often; the next run finds them again.
    pub left: u64,
}

impl Summary {
    /// Whether the old keys are needed no longer.
    pub fn is_complete(&self) -> bool {
        self.unreadable.is_empty() && self.left == 0
    }
}

/// What became of a document.
enum Outcome {
    Resealed,
    Unchanged,
    Left,
}

/// Reseals every document with a value of another key. An interrupted run is repeated: what it resealed is not found again.
/// `advanced` is called after each batch.
///
/// # Errors
/// If the database cannot be read or written.
pub async fn rotate(
    store: &Store,
    keys: &KeyRing,
    random: &Random,
    is_dry_run: bool,
    mut advanced: impl FnMut(&Summary),
) -> Result<Summary> {
    let rotation = Rotation { store, keys, random, is_dry_run };
    let mut summary = Summary::default();
    for name in SealedField::ALL.map(SealedField::collection).into_iter().collect::<BTreeSet<_>>() {
        let mut last = None;
        loop {
            let batch = rotation.batch(name, last).await.with_context(|| format!("reading {name}"))?;
            let Some(end) = batch.last().copied() else { break };
            for id in batch {
                match rotation.reseal(name, id, &mut summary.unreadable).await? {
                    Outcome::Resealed => summary.resealed += 1,
                    Outcome::Left => summary.left += 1,
                    Outcome::Unchanged => {}
                }
            }
            last = Some(end);
            advanced(&summary);
        }
    }
    Ok(summary)
}

/// The number of documents that a rotation has to reseal.
///
/// # Errors
/// If the database cannot be read.
pub async fn count(store: &Store, keys: &KeyRing) -> Result<u64> {
    let mut count = 0;
    for name in SealedField::ALL.map(SealedField::collection).into_iter().collect::<BTreeSet<_>>() {
        count += collection(store, name).count_documents(with_other_keys(name, keys)).await?;
    }
    Ok(count)
}

struct Rotation<'a> {
    store: &'a Store,
    keys: &'a KeyRing,
    random: &'a Random,
    is_dry_run: bool,
}

impl Rotation<'_> {
    /// The ids of the next documents with a value of another key.
    async fn batch(&self, name: &str, after: Option<ObjectId>) -> Result<Vec<ObjectId>> {
        let mut filter = with_other_keys(name, self.keys);
        if let Some(after) = after {
            filter.insert("_id", doc! {"$gt": after});
        }
        let documents = collection(self.store, name);
        let find = documents.find(filter).projection(doc! {"_id": 1}).sort(doc! {"_id": 1}).limit(BATCH);
        let found: Vec<Document> = find.await?.try_collect().await?;
        found.iter().map(|document| Ok(document.get_object_id("_id")?)).collect()
    }

    /// Reseals the values of a document, unless the shop changes it between reading and writing: then once more.
    async fn reseal(&self, name: &str, id: ObjectId, unreadable: &mut Vec<String>) -> Result<Outcome> {
        let documents = collection(self.store, name);
        for _ in 0..MAX_ATTEMPTS {
            let Some(document) = documents.find_one(doc! {"_id": id}).await? else { return Ok(Outcome::Unchanged) };
            let (mut changes, mut faults) = (Document::new(), Vec::new());
            for field in SealedField::ALL.into_iter().filter(|field| field.collection() == name) {
                match self.resealed(field, id, &document) {
                    Ok(Some(sealed)) => drop(changes.insert(field.path(), sealed.as_str())),
                    Ok(None) => {}
                    Err(error) => faults.push(format!("{name} {id} {}: {error}", field.path())),
                }
            }
            if changes.is_empty() {
                unreadable.append(&mut faults);
                return Ok(Outcome::Unchanged);
            }
            let version = document.get_i64("version").with_context(|| format!("{name} {id}"))?;
            let change = doc! {"$set": changes, "$inc": {"version": 1_i64}};
            let as_read = doc! {"_id": id, "version": version};
            if self.is_dry_run || documents.update_one(as_read, change).await?.matched_count == 1 {
                unreadable.append(&mut faults);
                return Ok(Outcome::Resealed);
            }
        }
        Ok(Outcome::Left)
    }

    /// The value of a field under the current key; `None` if there is none, or it has that key already.
    fn resealed(&self, field: SealedField, id: ObjectId, document: &Document) -> Result<Option<Sealed>, SealingError> {
        let Some(sealed) = value(document, field.path()) else { return Ok(None) };
        if sealed.key_id() == self.keys.current_id() {
            return Ok(None);
        }
        let text = self.keys.open(field, id, &sealed)?;
        self.keys.seal(self.random, field, id, &text).map(Some)
    }
}

fn collection(store: &Store, name: &str) -> Collection<Document> {
    store.database().collection(name)
}

/// The documents of a collection with a value that another key than the current one has sealed.
fn with_other_keys(name: &str, keys: &KeyRing) -> Document {
    // An id is letters, digits, dashes and underscores: none of them means anything in a pattern.
    let current = doc! {"$regex": format!("^{}:", keys.current_id())};
    let fields = SealedField::ALL.into_iter().filter(|field| field.collection() == name);
    let others: Vec<Document> =
        fields.map(|field| doc! {field.path(): {"$exists": true, "$not": current.clone()}}).collect();
    doc! {"$or": others}
}

/// The sealed value at a path.
fn value(document: &Document, path: &str) -> Option<Sealed> {
    let (parents, name) = path.rsplit_once('.').map_or((None, path), |(parents, name)| (Some(parents), name));
    let mut parent = document;
    for part in parents.into_iter().flat_map(|parents| parents.split('.')) {
        parent = parent.get_document(part).ok()?;
    }
    parent.get_str(name).ok().map(|text| Sealed::from_stored(text.to_owned()))
}
