//! A snapshot of the database, as sorted rows.

use anyhow::{Context as _, Result};
use bson::{Document, RawDocumentBuf};
use mongodb::{
    ClientSession, Collection, Database, SessionCursor,
    options::{CollectionOptions, ReadConcern},
};
use serde::de::DeserializeOwned;
use shared::store::Store;

/// The database at the time of its first read. The server keeps a snapshot for five minutes
/// (`minSnapshotHistoryWindowInSeconds`); a check of a very large database may need more.
pub(super) struct Snapshot {
    database: Database,
    session: ClientSession,
}

/// A row with a sort key.
pub(super) trait Row: DeserializeOwned {
    /// The type of the sort key.
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

    /// The results of a pipeline, in the order of `_id`.
    pub(super) async fn aggregate<T>(&mut self, name: &str, mut pipeline: Vec<Document>) -> Result<Rows<T>> {
        pipeline.push(bson::doc! {"$sort": {"_id": 1}});
        let collection = self.collection(name);
        let aggregate = collection.aggregate(pipeline).allow_disk_use(true).with_type::<RawDocumentBuf>();
        let cursor = aggregate.session(&mut self.session).await.with_context(|| format!("aggregating {name}"))?;
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
        let row = row.with_context(|| format!("reading {what}"))?;
        let parsed = bson::deserialize_from_slice(row.as_bytes());
        let id = || row.get("_id").ok().flatten().map_or_else(|| "without an id".to_owned(), |id| format!("{id:?}"));
        parsed.map(Some).with_context(|| format!("a row of {what} is malformed: {}", id()))
    }

    /// The remaining rows.
    pub(super) async fn all(mut self, snapshot: &mut Snapshot) -> Result<Vec<T>> {
        let mut all = Vec::new();
        while let Some(row) = self.next(snapshot).await? {
            all.push(row);
        }
        Ok(all)
    }
}

impl<T: Row> Rows<T> {
    /// The row with this key. Rows before it match no key and are passed to `unmatched`. Keys must be ascending.
    pub(super) async fn matching(
        &mut self,
        snapshot: &mut Snapshot,
        key: &T::Key,
        mut unmatched: impl FnMut(T),
    ) -> Result<Option<T>> {
        while let Some(row) = self.next(snapshot).await? {
            match row.key().cmp(key) {
                std::cmp::Ordering::Less => unmatched(row),
                std::cmp::Ordering::Equal => return Ok(Some(row)),
                std::cmp::Ordering::Greater => {
                    self.waiting = Some(row);
                    break;
                }
            }
        }
        Ok(None)
    }

    /// Passes the remaining rows, which match no key, to `unmatched`.
    pub(super) async fn rest(&mut self, snapshot: &mut Snapshot, mut unmatched: impl FnMut(T)) -> Result<()> {
        while let Some(row) = self.next(snapshot).await? {
            unmatched(row);
        }
        Ok(())
    }
}
