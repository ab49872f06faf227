//! I10: sealed values open with the key ring, each in its own record.

use anyhow::Result;
use bson::{doc, oid::ObjectId};
use serde::Deserialize;
use shared::{
    domain::sealing::{KeyRing, Sealed, SealedField},
    store::Store,
};

use super::{Check, snapshot::Snapshot};

#[derive(Debug, Deserialize)]
struct Row {
    #[serde(rename = "_id")]
    id: ObjectId,
    value: String,
}

/// Names records whose key the ring lacks, and values that were changed or copied from another record.
pub(super) async fn check(store: &Store, keys: &KeyRing) -> Result<Vec<Check>> {
    let mut check = Check::new("I10", "sealed values open with the key ring");
    let mut snapshot = Snapshot::of(store).await?;
    for field in SealedField::ALL {
        let path = field.path();
        let pipeline = vec![
            doc! {"$match": {path: {"$exists": true}}},
            doc! {"$project": {"value": {"$toString": format!("${path}")}}},
        ];
        let mut rows = snapshot.aggregate::<Row>(field.collection(), pipeline).await?;
        while let Some(Row { id, value }) = rows.next(&mut snapshot).await? {
            let opened = keys.open(field, id, &Sealed::from_stored(value));
            check.record(format!("{} {id} {path}", field.collection()), opened.err().map(|error| error.to_string()));
        }
    }
    Ok(vec![check])
}
