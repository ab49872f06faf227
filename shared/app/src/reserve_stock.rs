//! The stock of an order that is being placed: reserved beside the order's transaction, then confirmed, released or expired.
//!
//! * **Reserve**: one guarded update per SKU, acknowledged by a majority before the order commits.
//! * **Confirm**: the order exists, so the units are its own; the reservation is no longer listed.
//! * **Release**: the order was refused by the process that placed it.
//! * **Expire**: that process died. The fence is the cart's version: the order's transaction converts the cart at the version
//!   that the reservation names, and expiry first moves the cart past it. Then the order either exists or never will.

use std::collections::BTreeSet;

use super::place_order::PlaceOrderError;
use shop_domain::{
    Id, Quantity, Sku, Timestamp,
    cart::Cart,
    inventory::{StockRecord, StockStatus},
    message::{Event, Message},
    order::Order,
};
use shop_store::transaction;
use shop_store::{
    Store, StoreError,
    inventory::reservations::{Availability, Reservation, Reserved},
};

/// How long a process has to place its order: longer than API Gateway lets a request live (30 s).
pub const RESERVATION_LEASE: std::time::Duration = std::time::Duration::from_secs(35);

/// The reservations for one order. Another attempt to reserve is made for another order, so that a release which the server
/// carries out late can never take units from an order that exists.
#[derive(Debug)]
pub(super) struct OrderStock {
    order: Id<Order>,
    units: Vec<(Sku, Reservation)>,
    now: Timestamp,
    reserved: BTreeSet<Sku>,
    low: BTreeSet<Sku>,
}

impl OrderStock {
    /// Nothing is reserved yet. The units are in the order of their SKUs, in which every buyer reserves.
    pub(super) fn of(cart: &Cart, now: Timestamp) -> Self {
        let (order, expires_at) = (Id::new(), now.plus(RESERVATION_LEASE));
        let reservation =
            |quantity: Quantity| Reservation { order, cart: cart.id, cart_version: cart.version, quantity, expires_at };
        let units = cart.units().into_iter().map(|(sku, quantity)| (sku, reservation(quantity))).collect();
        Self { order, units, now, reserved: BTreeSet::new(), low: BTreeSet::new() }
    }

    /// The order that the units are reserved for.
    pub(super) fn order(&self) -> Id<Order> {
        self.order
    }

    /// SKUs that crossed their threshold by this order.
    pub(super) fn low(&self) -> impl Iterator<Item = &Sku> {
        self.low.iter()
    }

    /// Reserves every unit that is not reserved yet. What an earlier attempt at the transaction reserved stays reserved.
    ///
    /// # Errors
    /// [`PlaceOrderError::InsufficientStock`]; release then what was reserved before it.
    pub(super) async fn reserve(&mut self, store: &Store) -> Result<(), PlaceOrderError> {
        // Carts with several SKUs check availability first, to avoid reserving and releasing.
        if self.units.len() > 1 && self.reserved.is_empty() {
            self.check_availability(store).await?;
        }
        for (sku, reservation) in &self.units {
            if self.reserved.contains(sku) {
                continue;
            }
            match store.inventory.reserve(sku, reservation).await? {
                Reserved::Yes(record) => {
                    if record.crossed_threshold_from(record.available + reservation.quantity.get()) {
                        self.low.insert(sku.clone());
                    }
                    self.reserved.insert(sku.clone());
                }
                Reserved::Short(availability) => return Err(short(sku, reservation.quantity, availability)),
            }
        }
        Ok(())
    }

    /// Whether there is enough of everything, without reserving it.
    ///
    /// # Errors
    /// [`PlaceOrderError::InsufficientStock`].
    pub(super) async fn check_availability(&self, store: &Store) -> Result<(), PlaceOrderError> {
        let found = store.inventory.availability(self.units.iter().map(|(sku, _)| sku)).await?;
        for (sku, reservation) in &self.units {
            let availability = found.iter().find(|(found, _)| found == sku);
            let availability = availability.map(|(_, availability)| *availability).unwrap_or_default();
            if availability.orderable < reservation.quantity.get() {
                return Err(short(sku, reservation.quantity, availability));
            }
        }
        Ok(())
    }

    /// Releases what was reserved for an order that was refused. What cannot be released now expires.
    pub(super) async fn release(self, store: &Store) {
        for (sku, reservation) in self.units.iter().filter(|(sku, _)| self.reserved.contains(sku)) {
            match store.inventory.release(sku, reservation).await {
                // The refused order would have enqueued the message. Others may have reserved units meanwhile.
                Ok(record) => enqueue_low(store, record.filter(|_| self.low.contains(sku)), self.now).await,
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(sku = sku.as_str(), error, "a reservation is left to expire");
                }
            }
        }
    }
}

fn short(sku: &Sku, wanted: Quantity, availability: Availability) -> PlaceOrderError {
    let Availability { orderable, is_reserved } = availability;
    // Reserved units may be released; where there is enough by now, they were.
    let may_change = is_reserved || orderable >= wanted.get();
    PlaceOrderError::InsufficientStock { sku: sku.clone(), available: orderable, may_change }
}

/// After the release and not with it: its transaction would lose against other writers of the record.
async fn enqueue_low(store: &Store, record: Option<StockRecord>, now: Timestamp) {
    let Some(message) = record.and_then(|record| low_stock(record, now)) else { return };
    let enqueued: Result<(), StoreError> = transaction!(store, |tx| { store.outbox.enqueue(tx, &message).await });
    if let Err(error) = enqueued {
        let error = &error as &dyn std::error::Error;
        tracing::warn!(error, "no message about low stock");
    }
}

fn low_stock(record: StockRecord, now: Timestamp) -> Option<Message> {
    (record.status() != StockStatus::InStock).then(|| Event::EmailLowStock { sku: record.sku }.now(now))
}

/// Ends a reservation whose process died: confirms it if its order exists, and releases it otherwise. Answers the messages to
/// send.
pub async fn expire(
    store: &Store,
    sku: &Sku,
    reservation: &Reservation,
    now: Timestamp,
) -> Result<Vec<Message>, StoreError> {
    transaction!(store, |tx| {
        // The fence: from here on the order's transaction conflicts, or finds the cart changed.
        store.carts.move_past_in(tx, reservation.cart, reservation.cart_version).await?;
        if store.orders.find_in(tx, reservation.order).await?.is_some() {
            store.inventory.confirm_in(tx, sku, reservation.order, now).await?;
            return Ok(Vec::new());
        }
        // Whether the threshold was crossed by this reservation is not known, so the message may come twice.
        let released = store.inventory.release_reservation_in(tx, sku, reservation).await?;
        let messages = Vec::from_iter(released.and_then(|record| low_stock(record, now)));
        store.outbox.enqueue_all(tx, &messages).await?;
        Ok(messages)
    })
}
