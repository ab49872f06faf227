//! Reservations: units kept for an order that is being placed.
//!
//! A reservation is one guarded update outside of the order's transaction. In the transaction the record of a popular SKU would
//! make all orders but one start over; a single update waits at the server. The record lists the reservations of orders that
//! were not seen to commit yet, until they are confirmed, released or expired: see `shop_app::reserve_stock`.

use std::time::Duration;

use bson::{Bson, Document, RawDocumentBuf, doc};
use futures::TryStreamExt;
use mongodb::options::{ReadConcern, ReturnDocument};
use serde::Deserialize;

use super::{Inventory, enough};
use crate::StoreError;
use shop_domain::{Id, Quantity, Sku, Timestamp, cart::Cart, inventory::StockRecord, order::Order};

/// How long the server lets an update wait for others that write the same record.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);

/// Units of one SKU that are reserved for an order.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reservation {
    /// The order that is being placed.
    pub order: Id<Order>,
    /// The cart that becomes the order.
    pub cart: Id<Cart>,
    /// The version of the cart that the order's transaction converts: it cannot commit at any other.
    pub cart_version: i64,
    /// How many units.
    pub quantity: Quantity,
    /// Afterwards the reservation may be released if its order does not exist.
    pub expires_at: Timestamp,
}

impl From<&Reservation> for Bson {
    fn from(reservation: &Reservation) -> Self {
        let Reservation { order, cart, cart_version, quantity, expires_at } = reservation;
        let quantity = quantity.get();
        doc! {
            "order": *order, "cart": *cart, "cartVersion": *cart_version, "quantity": quantity, "expiresAt": *expires_at,
        }
        .into()
    }
}

/// The outcome of [`Inventory::reserve`].
#[derive(Clone, Debug)]
pub enum Reserved {
    /// The units are reserved; the record afterwards.
    Yes(StockRecord),
    /// There are not enough.
    Short(Availability),
}

/// How many units of a SKU can be ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Availability {
    /// How many one buyer can order.
    pub orderable: i64,
    /// How many are reserved for orders that may not come about.
    pub reserved: i64,
}

/// The reservations of a record.
#[derive(Debug, Deserialize)]
struct Reservations {
    #[serde(rename = "_id")]
    sku: Sku,
    #[serde(default)]
    reservations: Vec<Reservation>,
}

impl Inventory {
    /// Reserves units.
    ///
    /// # Errors
    /// [`StoreError::Contended`] if others write the record for longer than two seconds.
    pub async fn reserve(&self, sku: &Sku, reservation: &Reservation) -> Result<Reserved, StoreError> {
        let units = reservation.quantity.get();
        let update = doc! {
            "$inc": {"reserved": units, "available": -units},
            "$push": {"reservations": reservation},
        };
        let reserved = self.collection.find_one_and_update(enough(sku, units), update);
        let reserved = reserved.return_document(ReturnDocument::After);
        if let Some(record) = reserved.max_time(LOCK_TIMEOUT).await? {
            return Ok(Reserved::Yes(record));
        }
        Ok(Reserved::Short(self.availability([sku]).await?.pop().map(|(_, found)| found).unwrap_or_default()))
    }

    /// How many units of these SKUs can be ordered, in no particular order; unknown SKUs are missing.
    pub async fn availability(
        &self,
        skus: impl IntoIterator<Item = &Sku>,
    ) -> Result<Vec<(Sku, Availability)>, StoreError> {
        let skus: Vec<&str> = skus.into_iter().map(Sku::as_str).collect();
        let records = self.collection.clone_with_type::<RawDocumentBuf>();
        // Read concern `local`: reservations that a majority does not have yet must count.
        let find = records.find(doc! {"_id": {"$in": skus}}).read_concern(ReadConcern::local());
        let found: Vec<RawDocumentBuf> = find.await?.try_collect().await?;
        let parse = |raw: &RawDocumentBuf| {
            let record: StockRecord = bson::deserialize_from_slice(raw.as_bytes())?;
            let Reservations { sku, reservations } = bson::deserialize_from_slice(raw.as_bytes())?;
            let reserved = reservations.iter().map(|reservation| reservation.quantity.get()).sum();
            Ok((sku, Availability { orderable: record.orderable(), reserved }))
        };
        found.iter().map(parse).collect()
    }

    /// Confirms the reservations of an order that exists: its units stay reserved, and the reservations are no longer listed.
    pub async fn confirm(
        &self,
        skus: impl IntoIterator<Item = &Sku>,
        order: Id<Order>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let skus: Vec<Bson> = skus.into_iter().map(Bson::from).collect();
        let update = doc! {"$set": {
            "reservations": reservations_without(order),
            "updatedAt": {"$max": ["$updatedAt", now]},
        }};
        self.collection.update_many(reserved_for(order, doc! {"$in": skus}), vec![update]).await?;
        Ok(())
    }

    /// Releases units whose order does not come about. Returns the record afterwards; `None` if they were not reserved.
    ///
    /// # Errors
    /// [`StoreError::Contended`], like [`Inventory::reserve`]; the units stay reserved then.
    pub async fn release(&self, sku: &Sku, reservation: &Reservation) -> Result<Option<StockRecord>, StoreError> {
        let units = reservation.quantity.get();
        let update = doc! {"$set": {
            "reserved": {"$subtract": ["$reserved", units]},
            "available": {"$add": ["$available", units]},
            "reservations": reservations_without(reservation.order),
        }};
        let released = self.collection.find_one_and_update(reserved_for(reservation.order, sku), vec![update]);
        Ok(released.return_document(ReturnDocument::After).max_time(LOCK_TIMEOUT).await?)
    }

    /// Reservations that have expired, with their SKUs.
    ///
    /// Index: `reservations.expiresAt`.
    pub async fn list_expired_reservations(
        &self,
        now: Timestamp,
        limit: i64,
    ) -> Result<Vec<(Sku, Reservation)>, StoreError> {
        let records = self.collection.clone_with_type::<Reservations>();
        let due = doc! {"reservations.expiresAt": {"$lte": now}};
        let mut found = records.find(due).sort(doc! {"reservations.expiresAt": 1}).limit(limit).await?;
        let mut expired = Vec::new();
        while let Some(Reservations { sku, reservations }) = found.try_next().await? {
            let overdue = reservations.into_iter().filter(|reservation| reservation.expires_at <= now);
            expired.extend(overdue.map(|reservation| (sku.clone(), reservation)));
        }
        Ok(expired)
    }
}

/// The records, named by `skus`, that list a reservation for the order.
fn reserved_for(order: Id<Order>, skus: impl Into<Bson>) -> Document {
    doc! {"_id": skus.into(), "reservations.order": order}
}

/// The reservations but that of an order; no field for none at all, so that a refused order leaves no trace.
fn reservations_without(order: Id<Order>) -> Document {
    let others = doc! {"$filter": {"input": "$reservations", "cond": {"$ne": ["$$this.order", order]}}};
    doc! {"$let": {"vars": {"others": others}, "in": {"$cond": [{"$eq": ["$$others", []]}, "$$REMOVE", "$$others"]}}}
}
