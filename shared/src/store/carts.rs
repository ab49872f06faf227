//! `carts`.

use std::ops::Deref;

use bson::doc;
use mongodb::Database;

use super::{Documents, StoreError, Stored, Tx};
use crate::domain::{Id, cart::Cart, user::User};

/// The collection `carts`.
#[derive(Clone, Debug)]
pub struct Carts(Documents<Cart>);

impl Stored for Cart {
    const COLLECTION: &'static str = "carts";

    fn id(&self) -> Id<Self> {
        self.id
    }
    fn version(&self) -> i64 {
        self.version
    }
    fn set_version(&mut self, version: i64) {
        self.version = version;
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

impl Carts {
    pub(super) fn new(database: &Database) -> Self {
        Self(Documents::new(database))
    }

    /// The open cart of a customer.
    pub async fn find_of_customer(&self, user: Id<User>) -> Result<Option<Cart>, StoreError> {
        Ok(self.collection.find_one(doc! {"user": user, "status": open()}).await?)
    }

    /// The open cart of a guest, by the hash of the token.
    pub async fn find_of_guest(&self, token_hash: &str) -> Result<Option<Cart>, StoreError> {
        Ok(self.collection.find_one(doc! {"sessionId": token_hash, "status": open()}).await?)
    }

    /// The open cart of a customer, as the transaction sees it.
    pub async fn find_of_customer_in(&self, tx: &mut Tx, user: Id<User>) -> Result<Option<Cart>, StoreError> {
        Ok(self.collection.find_one(doc! {"user": user, "status": open()}).session(&mut tx.session).await?)
    }

    /// The open cart of a guest, as the transaction sees it.
    pub async fn find_of_guest_in(&self, tx: &mut Tx, token_hash: &str) -> Result<Option<Cart>, StoreError> {
        Ok(self.collection.find_one(doc! {"sessionId": token_hash, "status": open()}).session(&mut tx.session).await?)
    }
}
