//! I8: a customer or guest has one open cart, so that no line is lost in a second one.

use anyhow::Result;
use bson::{Bson, doc};
use serde::Deserialize;
use shared::{
    domain::{Id, cart::Cart},
    store::Store,
};

use super::{Check, snapshot::Snapshot};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CartFacts {
    #[serde(rename = "_id")]
    id: Id<Cart>,
    user: Option<Bson>,
    session_id: Option<Bson>,
}

pub(super) async fn check(store: &Store) -> Result<Vec<Check>> {
    let mut check = Check::new("I8", "a customer or guest has at most one open cart");
    for owner in ["user", "sessionId"] {
        let mut snapshot = Snapshot::of(store).await?;
        let open = doc! {owner: {"$exists": true}, "status": {"$in": ["active", "abandoned"]}};
        let mut carts = snapshot.find::<CartFacts>("carts", open, "user sessionId", owner).await?;
        let mut last = None;
        while let Some(cart) = carts.next(&mut snapshot).await? {
            let owned_by = if owner == "user" { cart.user } else { cart.session_id };
            let is_second = owned_by.is_some() && owned_by == last;
            check.record(cart.id, is_second.then(|| "its owner has another open cart".to_owned()));
            last = owned_by;
        }
    }
    Ok(vec![check])
}
