//! `carts`.

use std::ops::Deref;

use bson::doc;
use futures::TryStreamExt;
use mongodb::Database;
use serde::Deserialize;

use super::{Documents, StoreError, Stored, Tx, Versioned};
use shop_domain::{Buyer, Id, Timestamp, cart::Cart};

/// The collection `carts`.
#[derive(Clone, Debug)]
pub struct Carts(Documents<Cart>);

impl Stored for Cart {
    const COLLECTION: &'static str = "carts";

    fn id(&self) -> Id<Self> {
        self.id
    }
}

impl Deref for Carts {
    type Target = Documents<Cart>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// The states of a cart that can still be changed. At most one such cart exists per owner.
fn open() -> bson::Document {
    doc! {"$in": ["active", "abandoned"]}
}

fn open_cart_of(buyer: &Buyer, now: Timestamp) -> bson::Document {
    match buyer {
        Buyer::Customer(user) => doc! {"user": user, "status": open()},
        // The server removes expired documents up to a minute late. A customer's cart needs no such check: only its owner
        // finds it, and the next change extends its life.
        Buyer::Guest(token_hash) => doc! {"sessionId": token_hash, "status": open(), "expiresAt": {"$gt": now}},
    }
}

impl Carts {
    pub(super) fn new(database: &Database) -> Self {
        Self(Documents::new(database))
    }

    /// The open cart of a buyer.
    pub async fn find_of(&self, buyer: &Buyer, now: Timestamp) -> Result<Option<Versioned<Cart>>, StoreError> {
        Ok(self.collection.find_one(open_cart_of(buyer, now)).await?)
    }

    /// The open cart of a buyer, as the transaction sees it.
    pub async fn find_of_in(
        &self,
        tx: &mut Tx,
        buyer: &Buyer,
        now: Timestamp,
    ) -> Result<Option<Versioned<Cart>>, StoreError> {
        Ok(self.collection.find_one(open_cart_of(buyer, now)).session(&mut tx.session).await?)
    }

    /// Whether a guest's cart, found by the hash of the token, was ordered or merged.
    pub async fn was_converted(&self, token_hash: &str, now: Timestamp) -> Result<bool, StoreError> {
        let filter = doc! {"sessionId": token_hash, "status": "converted", "expiresAt": {"$gt": now}};
        Ok(self.collection.find_one(filter).await?.is_some())
    }

    /// Increments the version of a cart if it is still this one, so that no transaction that saves the cart at it commits
    /// afterwards.
    pub async fn fence_version_in(&self, tx: &mut Tx, id: Id<Cart>, version: i64) -> Result<(), StoreError> {
        let filter = doc! {"_id": id, "version": version};
        self.collection.update_one(filter, doc! {"$inc": {"version": 1_i64}}).session(&mut tx.session).await?;
        Ok(())
    }

    /// Customers' carts in use, with something in them, unchanged since `before`, the oldest first.
    ///
    /// Index: `lastActivity` among exactly these.
    pub async fn list_abandonable(&self, before: Timestamp, limit: i64) -> Result<Vec<Id<Cart>>, StoreError> {
        let filter = doc! {
            "user": {"$exists": true}, "status": "active", "items.id": {"$exists": true}, "lastActivity": {"$lte": before},
        };
        let carts = self.collection.clone_with_type::<OnlyId>();
        let found = carts.find(filter).projection(doc! {"_id": 1}).sort(doc! {"lastActivity": 1}).limit(limit).await?;
        Ok(found.map_ok(|cart| cart.id).try_collect().await?)
    }
}

#[derive(Deserialize)]
struct OnlyId {
    #[serde(rename = "_id")]
    id: Id<Cart>,
}
