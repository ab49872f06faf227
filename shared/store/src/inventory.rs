//! `inventory`: how many there are of each SKU.
//!
//! Many orders want the same record at once, so the database decides: each update carries its own guard in the filter, and
//! a guard that does not match changes nothing. The collection's validator holds the counters together once more.

pub mod reservations;

use bson::{Document, doc};
use futures::TryStreamExt;
use mongodb::{Collection, Database, options::ReturnDocument};

use super::{StoreError, Tx, WithSchema};
use shop_domain::{
    Id, Quantity, Sku, Timestamp,
    inventory::StockRecord,
    product::{Product, StockPolicy},
};

/// The collection `inventory`.
#[derive(Clone, Debug)]
pub struct Inventory {
    collection: Collection<StockRecord>,
}

/// The outcome of taking units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// They are taken; the record after it.
    Yes(StockRecord),
    /// There are not enough.
    Short {
        /// How many one buyer could have.
        available: i64,
    },
}

/// The outcome of a stock correction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Adjusted {
    /// It is made; the record after it.
    Yes(StockRecord),
    /// It would make a counter negative, or another process changed the stock meanwhile; the record as it is.
    Refused(StockRecord),
}

impl Inventory {
    pub(super) fn new(database: &Database) -> Self {
        Self { collection: database.collection("inventory") }
    }

    /// Adds the first stock of a SKU.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] of `_id_` if another product sells under this SKU.
    pub async fn insert_in(&self, tx: &mut Tx, record: &StockRecord) -> Result<(), StoreError> {
        self.collection.clone_with_type().insert_one(WithSchema::of(record)).session(&mut tx.session).await?;
        Ok(())
    }

    /// The stock of a SKU.
    pub async fn find(&self, sku: &Sku) -> Result<Option<StockRecord>, StoreError> {
        Ok(self.collection.find_one(doc! {"_id": sku}).await?)
    }

    /// The stock of these SKUs, in no particular order.
    pub async fn find_all(&self, skus: impl IntoIterator<Item = &Sku>) -> Result<Vec<StockRecord>, StoreError> {
        let skus: Vec<&str> = skus.into_iter().map(Sku::as_str).collect();
        if skus.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self.collection.find(doc! {"_id": {"$in": skus}}).await?.try_collect().await?)
    }

    /// The stock of these SKUs, as the transaction sees it.
    pub async fn find_all_in(
        &self,
        tx: &mut Tx,
        skus: impl IntoIterator<Item = &Sku>,
    ) -> Result<Vec<StockRecord>, StoreError> {
        let skus: Vec<&str> = skus.into_iter().map(Sku::as_str).collect();
        let mut cursor = self.collection.find(doc! {"_id": {"$in": skus}}).session(&mut tx.session).await?;
        Ok(cursor.stream(&mut tx.session).try_collect().await?)
    }

    /// Removes the stock of a product that was never for sale.
    pub async fn remove_of_product_in(&self, tx: &mut Tx, product: Id<Product>) -> Result<(), StoreError> {
        self.collection.delete_many(doc! {"product": product}).session(&mut tx.session).await?;
        Ok(())
    }

    /// Reserves units for an order that exists already (late money).
    pub async fn reserve_in(
        &self,
        tx: &mut Tx,
        sku: &Sku,
        quantity: Quantity,
        now: Timestamp,
    ) -> Result<Taken, StoreError> {
        let wanted = quantity.get();
        self.take(tx, sku, enough(sku, wanted), doc! {"reserved": wanted, "available": -wanted}, now).await
    }

    /// Releases the units of an order that was cancelled.
    pub async fn release_in(
        &self,
        tx: &mut Tx,
        sku: &Sku,
        quantity: Quantity,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let units = quantity.get();
        let guard = doc! {"_id": sku, "reserved": {"$gte": units}};
        self.expect(tx, sku, guard, doc! {"reserved": -units, "available": units}, now).await
    }

    /// Ships reserved units. Units on backorder cannot be shipped before they are received.
    pub async fn ship_in(
        &self,
        tx: &mut Tx,
        sku: &Sku,
        quantity: Quantity,
        now: Timestamp,
    ) -> Result<Taken, StoreError> {
        let units = quantity.get();
        let guard = doc! {"_id": sku, "reserved": {"$gte": units}, "onHand": {"$gte": units}};
        self.take(tx, sku, guard, doc! {"onHand": -units, "reserved": -units, "shipped": units}, now).await
    }

    /// Puts units back into stock that a customer returned.
    pub async fn restock_in(
        &self,
        tx: &mut Tx,
        sku: &Sku,
        quantity: Quantity,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let units = quantity.get();
        self.expect(tx, sku, doc! {"_id": sku}, doc! {"onHand": units, "available": units, "returned": units}, now)
            .await
    }

    /// Adds what came in, or takes out what is lost (`delta < 0`); never below zero and never below the reserved units.
    pub async fn adjust_in(&self, tx: &mut Tx, sku: &Sku, delta: i64, now: Timestamp) -> Result<Adjusted, StoreError> {
        self.correct(tx, sku, delta, doc! {}, now).await
    }

    /// Sets how many are in the warehouse, if there are `expected` of them now.
    pub async fn set_in(
        &self,
        tx: &mut Tx,
        sku: &Sku,
        set_to: i64,
        expected: i64,
        now: Timestamp,
    ) -> Result<Adjusted, StoreError> {
        self.correct(tx, sku, set_to.saturating_sub(expected), doc! {"onHand": expected}, now).await
    }

    /// Copies a product's policy. False, and nothing changed: units are reserved on backorder, which it would forbid.
    pub async fn set_policy_in(
        &self,
        tx: &mut Tx,
        sku: &Sku,
        policy: StockPolicy,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut set = doc! {
            "lowStockThreshold": policy.low_stock_threshold,
            "allowBackorder": policy.allow_backorder,
            "updatedAt": now,
        };
        let update = match policy.backorder_limit {
            Some(limit) => {
                set.insert("backorderLimit", limit);
                doc! {"$set": set}
            }
            None => doc! {"$set": set, "$unset": {"backorderLimit": ""}},
        };
        let mut guard = doc! {"_id": sku};
        if !policy.allow_backorder {
            guard.insert("available", doc! {"$gte": 0_i64});
        }
        let updated = self.collection.update_one(guard, update).session(&mut tx.session).await?;
        Ok(updated.matched_count == 1)
    }

    async fn correct(
        &self,
        tx: &mut Tx,
        sku: &Sku,
        delta: i64,
        mut guard: Document,
        now: Timestamp,
    ) -> Result<Adjusted, StoreError> {
        guard.insert("_id", sku);
        if delta < 0 {
            let least = delta.saturating_neg();
            guard.insert(
                "$and",
                vec![
                    doc! {"onHand": {"$gte": least}},
                    doc! {"$or": [{"allowBackorder": true}, {"available": {"$gte": least}}]},
                ],
            );
        }
        let change = doc! {"onHand": delta, "available": delta, "received": delta};
        match self.update(tx, guard, change, now).await? {
            Some(record) => Ok(Adjusted::Yes(record)),
            None => Ok(Adjusted::Refused(self.load(tx, sku).await?)),
        }
    }

    async fn take(
        &self,
        tx: &mut Tx,
        sku: &Sku,
        guard: Document,
        change: Document,
        now: Timestamp,
    ) -> Result<Taken, StoreError> {
        match self.update(tx, guard, change, now).await? {
            Some(record) => Ok(Taken::Yes(record)),
            None => Ok(Taken::Short { available: self.find_in(tx, sku).await?.map_or(0, |record| record.orderable()) }),
        }
    }

    async fn expect(
        &self,
        tx: &mut Tx,
        sku: &Sku,
        guard: Document,
        change: Document,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let updated = self.update(tx, guard, change, now).await?;
        updated.map(|_| ()).ok_or_else(|| StoreError::Missing(format!("the reserved stock of {sku}")))
    }

    async fn update(
        &self,
        tx: &mut Tx,
        guard: Document,
        change: Document,
        now: Timestamp,
    ) -> Result<Option<StockRecord>, StoreError> {
        let update = doc! {"$inc": change, "$set": {"updatedAt": now}};
        Ok(self
            .collection
            .find_one_and_update(guard, update)
            .return_document(ReturnDocument::After)
            .session(&mut tx.session)
            .await?)
    }

    async fn load(&self, tx: &mut Tx, sku: &Sku) -> Result<StockRecord, StoreError> {
        let record = self.find_in(tx, sku).await?;
        record.ok_or_else(|| StoreError::Missing(format!("the stock record of {sku}")))
    }

    async fn find_in(&self, tx: &mut Tx, sku: &Sku) -> Result<Option<StockRecord>, StoreError> {
        Ok(self.collection.find_one(doc! {"_id": sku}).session(&mut tx.session).await?)
    }
}

/// The record of a SKU, if there are so many for one buyer.
fn enough(sku: &Sku, wanted: i64) -> Document {
    doc! {
        "_id": sku,
        "$or": [
            {"available": {"$gte": wanted}},
            {"allowBackorder": true, "backorderLimit": {"$exists": false}},
            {"allowBackorder": true, "$expr": {"$gte": [{"$add": ["$available", "$backorderLimit"]}, wanted]}},
        ],
    }
}
