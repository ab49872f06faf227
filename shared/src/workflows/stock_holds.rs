//! Stock is taken for an order just before its transaction, and given back if the order does not come about.
//!
//! Of the two things that can become of held units each can happen once, whoever dies meanwhile: the order's transaction
//! commits only under its claim, and if they were still held after it had begun, and whoever gives them back in its place
//! takes the claim away in the same transaction.

use std::time::{Duration, Instant};

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

/// Stock that is taken.
#[derive(Debug)]
pub(super) struct Taken {
    /// The records as they were before.
    pub(super) before: Vec<StockRecord>,
    /// What ran low by it.
    pub(super) low: Vec<Sku>,
}

/// What somebody wants and cannot have.
struct Shortage {
    sku: Sku,
    available: i64,
    may_change: bool,
}

/// Takes every unit for an order, or none.
///
/// # Errors
/// [`PlaceOrderError::InsufficientStock`] if somebody else has them. What is only held for another order, which may not come
/// about, is waited for a little, with empty hands: who waits for one thing must not keep another from others.
pub(super) async fn take(
    store: &Store,
    units: &[(Sku, Quantity)],
    holder: &Holder,
    now: Timestamp,
) -> Result<Taken, PlaceOrderError> {
    let started = Instant::now();
    let mut attempt = 0;
    loop {
        let Shortage { sku, available, may_change } = match try_take(store, units, holder, now).await? {
            Ok(taken) => return Ok(taken),
            Err(shortage) => shortage,
        };
        if !may_change || started.elapsed() >= PATIENCE {
            return Err(PlaceOrderError::InsufficientStock { sku, available });
        }
        tokio::time::sleep(backoff(attempt)).await;
        attempt += 1;
    }
}

async fn try_take(
    store: &Store,
    units: &[(Sku, Quantity)],
    holder: &Holder,
    now: Timestamp,
) -> Result<Result<Taken, Shortage>, StoreError> {
    // Who wants several things looks first, so as not to take one in vain.
    if let [_, _, ..] = units
        && let Some(shortage) = find_shortage(store, units).await?
    {
        return Ok(Err(shortage));
    }
    let mut taken = Taken { before: Vec::with_capacity(units.len()), low: Vec::new() };
    for (number, (sku, quantity)) in units.iter().enumerate() {
        let outcome = store.inventory.hold(sku, *quantity, holder).await;
        if !matches!(outcome, Ok(Held::Yes(_))) {
            give_back(store, &units[..number], &taken.low, holder, now).await;
        }
        match outcome? {
            Held::Yes(record) => {
                if record.crossed_threshold_from(record.available + quantity.get()) {
                    taken.low.push(sku.clone());
                }
                taken.before.push(record.before_promising(quantity.get()));
            }
            Held::Short { available, may_change } => {
                return Ok(Err(Shortage { sku: sku.clone(), available, may_change }));
            }
        }
    }
    Ok(Ok(taken))
}

async fn find_shortage(store: &Store, units: &[(Sku, Quantity)]) -> Result<Option<Shortage>, StoreError> {
    let stock = store.inventory.look(units.iter().map(|(sku, _)| sku)).await?;
    Ok(units.iter().find_map(|(sku, quantity)| {
        let found = stock.iter().find(|(record, _)| record.sku == *sku);
        let (available, may_change) = found.map_or((0, false), |(record, is_held)| (record.orderable(), *is_held));
        let shortage = Shortage { sku: sku.clone(), available, may_change };
        (available < quantity.get()).then_some(shortage)
    }))
}

/// Gives back what was taken for an order that was refused. What cannot be given back now is found by [`recover`].
pub(super) async fn give_back(store: &Store, units: &[(Sku, Quantity)], low: &[Sku], holder: &Holder, now: Timestamp) {
    for (sku, quantity) in units {
        let given = async {
            let record = store.inventory.let_go(sku, *quantity, holder.order).await?;
            // The refused order would have told that the stock runs low. It still does if others took of it meanwhile.
            match record.filter(|record| low.contains(sku) && record.status() != StockStatus::InStock) {
                Some(record) => tell_low(store, record, now).await,
                None => Ok(()),
            }
        };
        if let Err(error) = given.await {
            tracing::warn!(
                sku = sku.as_str(),
                error = &error as &dyn std::error::Error,
                "stock stays held for a while"
            );
        }
    }
}

async fn tell_low(store: &Store, record: StockRecord, now: Timestamp) -> Result<(), StoreError> {
    let message = Event::EmailLowStock { sku: record.sku }.now(now);
    transaction!(store, |tx| { store.outbox.promise(tx, &message).await })
}

/// Ends a hold whose process is gone: the units are the order's if there is one, and free otherwise. Answers what to tell.
pub async fn recover(store: &Store, hold: &StockHold, now: Timestamp) -> Result<Vec<Message>, StoreError> {
    transaction!(store, |tx| {
        let mut messages = Vec::new();
        store.idempotency.release_in(tx, &hold.holder.claim).await?;
        if store.orders.find_in(tx, hold.holder.order).await?.is_some() {
            store.inventory.settle_hold_in(tx, hold, now).await?;
        } else if let Some(record) = store.inventory.let_go_in(tx, hold).await?
            // Nobody knows any more whether it ran low by this hold, so it may be told twice.
            && record.status() != StockStatus::InStock
        {
            messages.push(Event::EmailLowStock { sku: record.sku }.now(now));
            store.outbox.promise_all(tx, &messages).await?;
        }
        Ok(messages)
    })
}
