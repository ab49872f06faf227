//! Stock is taken for an order while its transaction is open, but outside of it, and given back if the order does not come
//! about.
//!
//! Of the two things that can become of held units each can happen once, whoever dies meanwhile: the order's transaction
//! commits only under its claim, and whoever gives the units back in its place takes the claim away in the same transaction.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use super::place_order::PlaceOrderError;
use crate::{
    domain::{
        Quantity, Sku, Timestamp,
        inventory::{StockRecord, StockStatus},
        message::{Event, Message},
    },
    store::{
        Store, StoreError, backoff,
        inventory::holds::{Held, Holder, StockHold},
    },
    transaction,
};

/// How long somebody waits for what is held for others who may not order it in the end.
const PATIENCE: Duration = Duration::from_secs(10);

/// The units of an order that is being placed.
#[derive(Debug)]
pub(super) struct OrderStock {
    holder: Holder,
    units: Vec<(Sku, Quantity)>,
    now: Timestamp,
    started: Instant,
    /// What was taken and not given back.
    taken: BTreeSet<Sku>,
    /// What of it ran low by that.
    low: BTreeSet<Sku>,
}

impl OrderStock {
    /// Nothing is taken yet. `units` are in the order of their SKUs, in which everybody takes them.
    pub(super) fn new(holder: Holder, units: Vec<(Sku, Quantity)>, now: Timestamp) -> Self {
        let (taken, low) = (BTreeSet::new(), BTreeSet::new());
        Self { holder, units, now, started: Instant::now(), taken, low }
    }

    /// For whom the units are.
    pub(super) fn holder(&self) -> &Holder {
        &self.holder
    }

    /// What ran low by this order.
    pub(super) fn low(&self) -> impl Iterator<Item = &Sku> {
        self.low.iter()
    }

    /// Takes every unit, or none. What an earlier attempt took is not taken twice.
    ///
    /// Ask in each attempt at the order's transaction, once a command of that attempt has been answered. Whoever takes the
    /// units then is the primary that has the transaction, or a later one, for the driver never goes back to an earlier; and
    /// if it is a later one, the transaction cannot commit. So the units are held in the history that the order becomes part
    /// of, as long as all collections live in one replica set. That they still are when the order commits is the claim's
    /// doing: whoever ends a hold in another's place takes the claim away with it.
    ///
    /// # Errors
    /// [`PlaceOrderError::InsufficientStock`] if somebody else has them.
    pub(super) async fn take(&mut self, store: &Store) -> Result<(), PlaceOrderError> {
        // Who wants several things looks first, so as not to take one in vain.
        if self.units.len() > 1 && self.taken.is_empty() {
            self.look(store).await?;
        }
        self.take_all_or_none(store).await
    }

    /// Waits for what is held for other orders, which may not come about, and takes it for the next attempt.
    ///
    /// With empty hands and outside of a transaction: who waits for one thing must not keep another from others.
    ///
    /// # Errors
    /// [`PlaceOrderError::InsufficientStock`] if it became theirs. [`StoreError::Contended`] if that is not decided for as long
    /// as a request may wait: what a dead process holds comes back only when its claim has run out.
    pub(super) async fn wait(&mut self, store: &Store) -> Result<(), PlaceOrderError> {
        let mut looks = 0;
        loop {
            tokio::time::sleep(backoff(looks)).await;
            looks += 1;
            let outcome = match self.look(store).await {
                Ok(()) => self.take_all_or_none(store).await,
                short => short,
            };
            match outcome {
                Err(PlaceOrderError::InsufficientStock { may_change: true, .. }) => {
                    if self.started.elapsed() >= PATIENCE {
                        return Err(StoreError::Contended.into());
                    }
                }
                outcome => return outcome,
            }
        }
    }

    async fn take_all_or_none(&mut self, store: &Store) -> Result<(), PlaceOrderError> {
        let outcome = self.take_in_turn(store).await;
        if outcome.is_err() && !self.give_back(store).await {
            // The server may carry out later what it did not answer. By then the units must not be an order's, so there is none
            // by this name: the buyer asks again.
            return Err(StoreError::Contended.into());
        }
        outcome
    }

    async fn take_in_turn(&mut self, store: &Store) -> Result<(), PlaceOrderError> {
        for (sku, quantity) in &self.units {
            match store.inventory.hold(sku, *quantity, &self.holder).await? {
                Held::Already => {}
                Held::Taken(record) => {
                    if record.crossed_threshold_from(record.available + quantity.get()) {
                        self.low.insert(sku.clone());
                    }
                    self.taken.insert(sku.clone());
                }
                Held::Short { available, may_change } => {
                    return Err(PlaceOrderError::InsufficientStock { sku: sku.clone(), available, may_change });
                }
            }
        }
        Ok(())
    }

    /// Whether there is enough of everything, without taking it.
    async fn look(&self, store: &Store) -> Result<(), PlaceOrderError> {
        let stock = store.inventory.look(self.units.iter().map(|(sku, _)| sku)).await?;
        for (sku, quantity) in &self.units {
            let found = stock.iter().find(|(record, _)| record.sku == *sku);
            let (available, may_change) = found.map_or((0, false), |(record, is_held)| (record.orderable(), *is_held));
            if available < quantity.get() {
                return Err(PlaceOrderError::InsufficientStock { sku: sku.clone(), available, may_change });
            }
        }
        Ok(())
    }

    /// Gives back what was taken for an order that was refused, and answers whether all of it is. What cannot be given back now
    /// is found by [`recover`].
    pub(super) async fn give_back(&mut self, store: &Store) -> bool {
        let (taken, low) = (std::mem::take(&mut self.taken), std::mem::take(&mut self.low));
        let mut all = true;
        for (sku, quantity) in self.units.iter().filter(|(sku, _)| taken.contains(sku)) {
            match store.inventory.let_go(sku, *quantity, self.holder.order).await {
                // The refused order would have told that the stock runs low. It still does if others took of it meanwhile.
                Ok(record) => tell_low(store, record.filter(|_| low.contains(sku)), self.now).await,
                Err(error) => {
                    all = false;
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(sku = sku.as_str(), error, "stock stays held for a while");
                }
            }
        }
        all
    }
}

/// After the units are free and not with them: in one transaction it would lose against everybody else who writes the record.
async fn tell_low(store: &Store, record: Option<StockRecord>, now: Timestamp) {
    let Some(message) = record.and_then(|record| low_stock(record, now)) else { return };
    let told: Result<(), StoreError> = transaction!(store, |tx| { store.outbox.promise(tx, &message).await });
    if let Err(error) = told {
        let error = &error as &dyn std::error::Error;
        tracing::warn!(error, "nobody is told that stock runs low");
    }
}

/// What to tell of stock that runs low.
fn low_stock(record: StockRecord, now: Timestamp) -> Option<Message> {
    (record.status() != StockStatus::InStock).then(|| Event::EmailLowStock { sku: record.sku }.now(now))
}

/// Ends a hold whose process is gone: the units are the order's if there is one, and free otherwise. Answers what to tell.
pub async fn recover(store: &Store, hold: &StockHold, now: Timestamp) -> Result<Vec<Message>, StoreError> {
    transaction!(store, |tx| {
        store.idempotency.release_in(tx, &hold.holder.claim).await?;
        if store.orders.find_in(tx, hold.holder.order).await?.is_some() {
            store.inventory.settle_hold_in(tx, hold, now).await?;
            return Ok(Vec::new());
        }
        // Nobody knows any more whether it ran low by this hold, so it may be told twice.
        let low = store.inventory.let_go_in(tx, hold).await?.and_then(|record| low_stock(record, now));
        let messages = Vec::from_iter(low);
        store.outbox.promise_all(tx, &messages).await?;
        Ok(messages)
    })
}
