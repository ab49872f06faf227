//! Units can be held for an order that is being placed; maintenance finds the holds that nobody ended.

use bson::doc;
use mongodb::Database;

use super::{
    Progress, m0001_collections,
    specs::{Spec, apply},
    vocabulary::{date, id, index_where, int_from, list_of, object, word},
};
use crate::store::StoreError;

pub(super) async fn run(database: &Database, progress: Progress<'_>) -> Result<(), StoreError> {
    apply(database, progress, specs()).await
}

pub(super) fn specs() -> impl Iterator<Item = Spec> {
    [inventory()].into_iter()
}

fn inventory() -> Spec {
    let hold = doc! {
        "order": id(),
        "claim": object("scope owner", doc! {"scope": word(), "owner": id()}),
        "until": date(),
        "quantity": int_from(1),
    };
    let holds = list_of(object("order claim until quantity", hold));
    let mut spec = m0001_collections::inventory(doc! {"holds": holds});
    spec.indexes.push(index_where(doc! {"holds.until": 1}, doc! {"holds.until": {"$exists": true}}));
    spec
}
