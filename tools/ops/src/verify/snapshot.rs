//! The database at one moment, as sorted rows.

use anyhow::{Context as _, Result};
use bson::{Document, RawDocumentBuf};
use mongodb::{
    ClientSession, Collection, Database, SessionCursor,
    options::{CollectionOptions, ReadConcern},
};
use serde::de::DeserializeOwned;
use shared::store::Store;

/// The database at the moment of its first read. The server remembers a moment for five minutes
/// (`minSnapshotHistoryWindowInSeconds`); a check of a very large database may need that to be more.
pub(super) struct Snapshot {
    database: Database,
    session: ClientSession,
}

/// A row that has a place among others.
pub(super) trait Row: DeserializeOwned {
    /// What the rows are sorted by.
    type Key: Ord;

    fn key(&self) -> &Self::Key;
}

/// Rows in the order of their keys.
pub(super) struct Rows<T> {
    what: String,
    cursor: SessionCursor<RawDocumentBuf>,
    waiting: Option<T>,
}

impl Snapshot {
    pub(super) async fn of(store: &Store) -> Result<Self> {
        let database = store.database().clone();
        let session = database.client().start_session().snapshot(true).await?;
        Ok(Self { database, session })
    }

    fn collection(&self, name: &str) -> Collection<RawDocumentBuf> {
        // The client's own read concern would win over the session's.
        let options = CollectionOptions::builder().read_concern(ReadConcern::snapshot()).build();
        self.database.collection_with_options(name, options)
    }

    /// The documents that match, with the fields that `fields` names, in the order of `key`.
    pub(super) async fn find<T>(&mut self, name: &str, filter: Document, fields: &str, key: &str) -> Result<Rows<T>> {
        let projection: Document = fields.split_whitespace().map(|field| (field.to_owned(), 1.into())).collect();
        let collection = self.collection(name);
        let find = collection.find(filter).projection(projection).sort(bson::doc! {key: 1}).allow_disk_use(true);
        let cursor = find.session(&mut self.session).await;
        Ok(Rows { what: name.to_owned(), cursor: cursor.with_context(|| format!("reading {name}"))?, waiting: None })
    }

    /// What a pipeline makes of a collection, in the order of `_id`.
    pub(super) async fn aggregate<T>(&mut self, name: &str, mut pipeline: Vec<Document>) -> Result<Rows<T>> {
        pipeline.push(bson::doc! {"$sort": {"_id": 1}});
        let collection = self.collection(name);
        let aggregate = collection.aggregate(pipeline).allow_disk_use(true).with_type::<RawDocumentBuf>();
        let cursor = aggregate.session(&mut self.session).await.with_context(|| format!("adding {name} up"))?;
        Ok(Rows { what: name.to_owned(), cursor, waiting: None })
    }
}

impl<T: DeserializeOwned> Rows<T> {
    /// The next row.
    pub(super) async fn next(&mut self, snapshot: &mut Snapshot) -> Result<Option<T>> {
        if let Some(row) = self.waiting.take() {
            return Ok(Some(row));
        }
        let what = &self.what;
        let Some(row) = self.cursor.next(&mut snapshot.session).await else { return Ok(None) };
        let row = row.with_context(|| format!("reading on in {what}"))?;
        let understood = bson::deserialize_from_slice(row.as_bytes());
        let id = || row.get("_id").ok().flatten().map_or_else(|| "without an id".to_owned(), |id| format!("{id:?}"));
        understood.map(Some).with_context(|| format!("a row of {what} cannot be understood: {}", id()))
    }

    /// All rows that are left.
    pub(super) async fn all(mut self, snapshot: &mut Snapshot) -> Result<Vec<T>> {
        let mut all = Vec::new();
        while let Some(row) = self.next(snapshot).await? {
            all.push(row);
        }
        Ok(all)
    }
}

impl<T: Row> Rows<T> {
    /// The row with this key, once; what stands before it belongs to nothing and goes to `stray`. Ask for ascending keys.
    pub(super) async fn matching(
        &mut self,
        snapshot: &mut Snapshot,
        key: &T::Key,
        mut stray: impl FnMut(T),
    ) -> Result<Option<T>> {
        while let Some(row) = self.next(snapshot).await? {
            match row.key().cmp(key) {
                std::cmp::Ordering::Less => stray(row),
                std::cmp::Ordering::Equal => return Ok(Some(row)),
                std::cmp::Ordering::Greater => {
                    self.waiting = Some(row);
                    break;
                }
            }
        }
        Ok(None)
    }

    /// What is left belongs to nothing.
    pub(super) async fn rest(&mut self, snapshot: &mut Snapshot, mut stray: impl FnMut(T)) -> Result<()> {
        while let Some(row) = self.next(snapshot).await? {
            stray(row);
        }
        Ok(())
    }
}
