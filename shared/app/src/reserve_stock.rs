//! The stock of an order that is being placed: reserved outside of the order's transaction, while it is open, and then
//! confirmed, released or expired. A reservation lives for seconds; once it is confirmed, its units stay in the record's
//! `reserved` for the order until that is shipped or cancelled.
//!
//! * **Reserve**: one guarded update per SKU, acknowledged by a majority before the order commits.
//! * **Confirm**: the order exists, so the units are its own; the reservation is no longer listed.
//! * **Release**: the order was refused by the process that placed it.
//! * **Expire**: that process has neither confirmed nor released it, because it died or does not know whether the order
//!   exists. The fence is the cart's version: the order's transaction converts the cart at the version
//!   that the reservation names, and expiry first moves the cart past it. Then the order either exists or never will.

use std::collections::BTreeSet;

use super::place_order::PlaceOrderError;
use shop_domain::{Id, Quantity, Sku, Timestamp, cart::Cart, inventory::StockStatus, message::Event, order::Order};
use shop_store::{
    Store, StoreError, Versioned,
    inventory::reservations::{Availability, Reservation, Reserved},
    transaction,
};

/// How long a process has to place its order: longer than API Gateway lets a request live (30 s). Only so that no request is
/// fenced needlessly: the fence, not this time, keeps an order from committing late.
pub const RESERVATION_LEASE: std::time::Duration = std::time::Duration::from_secs(35);

/// The reservations for one order. Each try to place the order has an order id of its own, which the attempts of its
/// transaction share: a late release of an earlier try cannot take units from an order that exists.
#[derive(Debug)]
pub(super) struct OrderStock {
    order: Id<Order>,
    units: Vec<(Sku, Reservation)>,
    now: Timestamp,
    reserved: BTreeSet<Sku>,
    crossed_threshold: BTreeSet<Sku>,
}

impl OrderStock {
    /// Nothing is reserved yet. The units are in the order of their SKUs, in which every buyer reserves.
    pub(super) fn of(cart: &Versioned<Cart>, now: Timestamp) -> Self {
        let (order, expires_at) = (Id::new(), now.plus(RESERVATION_LEASE));
        let reservation = |quantity: Quantity| Reservation {
            order,
            cart: cart.id,
            cart_version: cart.version(),
            quantity,
            expires_at,
        };
        let units = cart.units().into_iter().map(|(sku, quantity)| (sku, reservation(quantity))).collect();
        Self { order, units, now, reserved: BTreeSet::new(), crossed_threshold: BTreeSet::new() }
    }

    /// The order that the units are reserved for.
    pub(super) fn order(&self) -> Id<Order> {
        self.order
    }

    /// SKUs that crossed their threshold by this order.
    pub(super) fn crossed_threshold(&self) -> impl Iterator<Item = &Sku> {
        self.crossed_threshold.iter()
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
                        self.crossed_threshold.insert(sku.clone());
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
            if let Err(error) = release(store, sku, reservation, self.crossed_threshold.contains(sku), self.now).await {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(
                    sku = sku.as_str(),
                    error,
                    "a reservation was not released, or its low-stock message not enqueued"
                );
            }
        }
    }
}

fn short(sku: &Sku, wanted: Quantity, availability: Availability) -> PlaceOrderError {
    let Availability { orderable, reserved } = availability;
    // Units that are reserved for orders that may not come about may be released.
    let may_change = orderable.saturating_add(reserved) >= wanted.get();
    PlaceOrderError::InsufficientStock { sku: sku.clone(), available: orderable, may_change }
}

/// Releases a reservation, and enqueues the message about low stock that its order would have enqueued: other reservations may
/// keep the stock low. Not in one transaction, which would lose against other writers of the record.
async fn release(
    store: &Store,
    sku: &Sku,
    reservation: &Reservation,
    was_low: bool,
    now: Timestamp,
) -> Result<(), StoreError> {
    let released = store.inventory.release(sku, reservation).await?;
    let Some(record) = released.filter(|record| was_low && record.status() != StockStatus::InStock) else {
        return Ok(());
    };
    let message = Event::EmailLowStock { sku: record.sku }.now(now);
    transaction!(store, |tx| { store.outbox.enqueue(tx, &message).await })
}

/// Ends a reservation whose process died: confirms it if its order exists, and releases it otherwise.
pub async fn expire(store: &Store, sku: &Sku, reservation: &Reservation, now: Timestamp) -> Result<(), StoreError> {
    // The fence: from its commit on, an order that does not exist never will.
    let order_exists: Result<bool, StoreError> = transaction!(store, |tx| {
        store.carts.fence_version_in(tx, reservation.cart, reservation.cart_version).await?;
        Ok(store.orders.find_in(tx, reservation.order).await?.is_some())
    });
    if order_exists? {
        store.inventory.confirm([sku], reservation.order, now).await
    } else {
        // Whether the threshold was crossed by this reservation is not known, so the message may come twice.
        release(store, sku, reservation, true, now).await
    }
}
