//! Units that are taken for an order that is being placed, outside of its transaction.
//!
//! In a transaction the record of a popular SKU would be what all orders compete for, and all but one would start over. A
//! single update waits its turn instead. It notes on the record for which order the units were taken, so that whoever finds
//! them later can tell whether the order came about: see [`crate::workflows::stock_holds`].

use std::time::Duration;

use bson::{Bson, Document, RawDocumentBuf, doc};
use futures::TryStreamExt;
use mongodb::options::{ReadConcern, ReturnDocument, WriteConcern};
use serde::Deserialize;

use super::{Inventory, enough};
use crate::{
    domain::{Id, Quantity, Sku, Timestamp, inventory::StockRecord, order::Order},
    store::{StoreError, Tx, idempotency::Claim},
};

/// How long the server lets an update wait for whoever else writes the record.
const PATIENCE: Duration = Duration::from_secs(10);

/// For whom units are taken.
#[derive(Clone, Debug)]
pub struct Holder {
    /// The order that is being placed.
    pub order: Id<Order>,
    /// The claim that it is placed under: only who has it can commit the order.
    pub claim: Claim,
    /// From then on the units are nobody's, unless there is the order.
    pub until: Timestamp,
}

/// Units of a SKU that are taken.
#[derive(Clone, Debug)]
pub struct StockHold {
    /// The SKU.
    pub sku: Sku,
    /// How many.
    pub quantity: Quantity,
    /// For whom.
    pub holder: Holder,
}

/// What became of a wish to take units.
#[derive(Clone, Debug)]
pub enum Held {
    /// They are taken now; the record after it.
    Taken(StockRecord),
    /// They were taken for this order before.
    Already,
    /// There are not enough.
    Short {
        /// How many one buyer could have.
        available: i64,
        /// Whether units are held for orders that may not come about, or have just come back.
        may_change: bool,
    },
}

/// What is held of a SKU.
#[derive(Debug, Deserialize)]
struct Holds {
    #[serde(rename = "_id")]
    sku: Sku,
    #[serde(default)]
    holds: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    order: Id<Order>,
    claim: Claim,
    until: Timestamp,
    quantity: Quantity,
}

impl Entry {
    fn of(self, sku: Sku) -> StockHold {
        let Self { order, claim, until, quantity } = self;
        StockHold { sku, quantity, holder: Holder { order, claim, until } }
    }
}

/// The record, or of several those, that hold units for an order.
fn held_by(order: Id<Order>, id: impl Into<Bson>) -> Document {
    doc! {"_id": id.into(), "holds.order": order}
}

/// The notes without that of an order; no field for none at all, so that a refused order leaves no trace.
fn notes_without(order: Id<Order>) -> Document {
    let left = doc! {"$filter": {"input": "$holds", "cond": {"$ne": ["$$this.order", order]}}};
    doc! {"$let": {"vars": {"left": left}, "in": {"$cond": [{"$eq": ["$$left", []]}, "$$REMOVE", "$$left"]}}}
}

/// Takes the note off: the counters are the order's from now on.
fn settled(order: Id<Order>, now: Timestamp) -> Vec<Document> {
    vec![doc! {"$set": {"holds": notes_without(order), "updatedAt": {"$max": ["$updatedAt", now]}}}]
}

impl Inventory {
    /// Takes units, unless they are taken for the same order already.
    ///
    /// Not waited for by a majority: one that has the order has what came before it.
    ///
    /// # Errors
    /// [`StoreError::Contended`] if others write the record for longer than a request may wait, such as a process that died
    /// while it shipped: the server ends its transaction in a minute.
    pub async fn hold(&self, sku: &Sku, quantity: Quantity, holder: &Holder) -> Result<Held, StoreError> {
        let units = quantity.get();
        let mut guard = enough(sku, units);
        guard.insert("holds.order", doc! {"$ne": holder.order});
        let Holder { order, claim, until } = holder;
        let entry = doc! {"order": *order, "claim": claim, "until": *until, "quantity": units};
        let update = doc! {
            "$inc": {"reserved": units, "available": -units},
            "$push": {"holds": entry},
        };
        let taken = self.collection.find_one_and_update(guard, update).return_document(ReturnDocument::After);
        if let Some(record) = taken.max_time(PATIENCE).write_concern(WriteConcern::nodes(1)).await? {
            return Ok(Held::Taken(record));
        }
        let Some((record, holds)) = self.find_with_holds([sku]).await?.pop() else {
            return Ok(Held::Short { available: 0, may_change: false });
        };
        if holds.iter().any(|entry| entry.order == holder.order) {
            return Ok(Held::Already);
        }
        let available = record.orderable();
        // There may be enough by now: whoever had them gave them back between the two commands.
        Ok(Held::Short { available, may_change: !holds.is_empty() || available >= units })
    }

    /// The stock of these SKUs at this moment, in no particular order, and whether units of each are held for orders that may
    /// not come about.
    pub async fn look(&self, skus: impl IntoIterator<Item = &Sku>) -> Result<Vec<(StockRecord, bool)>, StoreError> {
        let found = self.find_with_holds(skus).await?;
        Ok(found.into_iter().map(|(record, holds)| (record, !holds.is_empty())).collect())
    }

    /// What a majority does not have yet is there all the same: others have taken it.
    async fn find_with_holds(
        &self,
        skus: impl IntoIterator<Item = &Sku>,
    ) -> Result<Vec<(StockRecord, Vec<Entry>)>, StoreError> {
        let skus: Vec<&str> = skus.into_iter().map(Sku::as_str).collect();
        let both = self.collection.clone_with_type::<RawDocumentBuf>();
        let found = both.find(doc! {"_id": {"$in": skus}}).read_concern(ReadConcern::local()).await?;
        let found: Vec<RawDocumentBuf> = found.try_collect().await?;
        let parse = |raw: &RawDocumentBuf| {
            let Holds { holds, .. } = bson::deserialize_from_slice(raw.as_bytes())?;
            Ok((bson::deserialize_from_slice(raw.as_bytes())?, holds))
        };
        found.iter().map(parse).collect()
    }

    /// Notes that the order is there: the units are its own now.
    pub async fn settle_hold(
        &self,
        skus: impl IntoIterator<Item = &Sku>,
        order: Id<Order>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let skus: Vec<Bson> = skus.into_iter().map(Bson::from).collect();
        let filter = held_by(order, doc! {"$in": skus});
        self.collection.update_many(filter, settled(order, now)).write_concern(WriteConcern::nodes(1)).await?;
        Ok(())
    }

    /// Like [`Inventory::settle_hold`], in a transaction.
    pub async fn settle_hold_in(&self, tx: &mut Tx, hold: &StockHold, now: Timestamp) -> Result<(), StoreError> {
        let order = hold.holder.order;
        self.collection.update_one(held_by(order, &hold.sku), settled(order, now)).session(&mut tx.session).await?;
        Ok(())
    }

    /// Gives units back that are held for an order that will not be. Answers the record after it; `None` if they were not
    /// held.
    ///
    /// # Errors
    /// [`StoreError::Contended`], like [`Inventory::hold`]; they are held then as before.
    pub async fn let_go(
        &self,
        sku: &Sku,
        quantity: Quantity,
        order: Id<Order>,
    ) -> Result<Option<StockRecord>, StoreError> {
        let (filter, update) = giving_back(sku, quantity, order);
        let given = self.collection.find_one_and_update(filter, update).return_document(ReturnDocument::After);
        Ok(given.max_time(PATIENCE).await?)
    }

    /// Like [`Inventory::let_go`], in a transaction.
    pub async fn let_go_in(&self, tx: &mut Tx, hold: &StockHold) -> Result<Option<StockRecord>, StoreError> {
        let (filter, update) = giving_back(&hold.sku, hold.quantity, hold.holder.order);
        let given = self.collection.find_one_and_update(filter, update).return_document(ReturnDocument::After);
        Ok(given.session(&mut tx.session).await?)
    }

    /// What is held for longer than it may be.
    ///
    /// Index: `holds.until`.
    pub async fn list_stale_holds(&self, now: Timestamp, limit: i64) -> Result<Vec<StockHold>, StoreError> {
        let holds = self.collection.clone_with_type::<Holds>();
        let mut found = holds.find(doc! {"holds.until": {"$lte": now}}).limit(limit).await?;
        let mut stale = Vec::new();
        while let Some(Holds { sku, holds }) = found.try_next().await? {
            let overdue = holds.into_iter().filter(|entry| entry.until <= now);
            stale.extend(overdue.map(|entry| entry.of(sku.clone())));
        }
        Ok(stale)
    }
}

fn giving_back(sku: &Sku, quantity: Quantity, order: Id<Order>) -> (Document, Vec<Document>) {
    let units = quantity.get();
    let update = doc! {"$set": {
        "reserved": {"$subtract": ["$reserved", units]},
        "available": {"$add": ["$available", units]},
        "holds": notes_without(order),
    }};
    (held_by(order, sku), vec![update])
}
