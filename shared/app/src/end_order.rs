//! Orders that end before they are shipped: cancelled by somebody, or given up because nobody paid.
//!
//! The state, the stock, the coupon and the payment change in one transaction. Every such transaction writes both the order
//! and its payment, and so does every one that begins a charge: whichever commits first is seen by the other, so an order
//! is never cancelled while its charge is under way.
//!
//! A charge that waits for the customer (3-D Secure) is not under way. Its payment fails with the order, and its intent is
//! called off by message; should the customer complete it before that, the money is late and goes back.

use shop_domain::{
    Id, IllegalTransition, Timestamp,
    message::{Event, Message},
    order::{Cancellation, Order, OrderStatus},
    payment::{Payment, PaymentStatus},
    user::User,
};
use shop_store::{Store, StoreError, TransactionError, Tx, Versioned, idempotency::IdempotencyRecord, transaction};

/// Why an order was not ended.
#[derive(Debug, thiserror::Error)]
pub enum EndOrderError {
    /// It is too late.
    #[error(transparent)]
    Illegal(#[from] IllegalTransition),
    /// A charge is under way and nobody knows how it will end.
    #[error("a payment for the order is under way")]
    PaymentUnderWay,
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl TransactionError for EndOrderError {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Store(error) = self { Some(error) } else { None }
    }
}

/// An order and its payment, as a transaction sees them.
pub(super) async fn load_both(
    store: &Store,
    tx: &mut Tx,
    order: Id<Order>,
) -> Result<(Versioned<Order>, Versioned<Payment>), StoreError> {
    let missing = |what: &str| StoreError::Missing(format!("{what} of order {order}"));
    let order = store.orders.find_in(tx, order).await?.ok_or_else(|| missing("the document"))?;
    let payment = store.payments.find_in(tx, order.payment).await?.ok_or_else(|| missing("the payment"))?;
    Ok((order, payment))
}

/// Writes an order and its payment back, both, even if only one changed: see the module's comment.
pub(super) async fn save_both(
    store: &Store,
    tx: &mut Tx,
    order: &mut Versioned<Order>,
    payment: &mut Versioned<Payment>,
) -> Result<(), StoreError> {
    store.orders.save_in(tx, order).await?;
    store.payments.save_in(tx, payment).await
}

/// Cancels an order in an open transaction: releases what it held, and promises what follows.
pub(super) async fn cancel_in(
    store: &Store,
    tx: &mut Tx,
    order: &mut Versioned<Order>,
    payment: &mut Versioned<Payment>,
    cancellation: Cancellation,
    now: Timestamp,
) -> Result<Vec<Message>, EndOrderError> {
    let was_unpaid = order.status == OrderStatus::Pending;
    order.cancel(cancellation, now)?;
    let events = [Event::OrderCancelled { order_id: order.id }, Event::EmailOrderCancelled { order_id: order.id }];
    let mut messages = Vec::from(events.map(|event| event.now(now)));
    if was_unpaid {
        // The order ended unpaid, so the coupon was not used; a refund later would not give it back.
        store.coupons.restore_in(tx, order.id, now).await?;
        if payment.status == PaymentStatus::Pending || payment.action_required {
            let _ = payment.fail("the order was cancelled", now)?;
        }
        if payment.transaction_id.is_some() {
            messages.push(Event::PaymentVoidRequested { payment_id: payment.id, order_id: order.id }.now(now));
        }
    }
    save_both(store, tx, order, payment).await?;
    store.outbox.enqueue_all(tx, &messages).await?;
    for (sku, quantity) in order.units() {
        store.inventory.release_in(tx, &sku, quantity, now).await?;
    }
    Ok(messages)
}

/// Cancels an order for a customer or an administrator. Money that was taken is given back by the message
/// `order.cancelled`; what the customer could still confirm at the gateway is called off by `payment.voidRequested`. Of an
/// order that the shop itself has given up there is nothing left to end, but the wish counts: money that comes late goes back.
/// Answers what to send. `record` makes the idempotency record of the answer.
pub async fn cancel_order(
    store: &Store,
    order: Id<Order>,
    reason: &str,
    by: Id<User>,
    now: Timestamp,
    record: impl Fn(&Order, &Payment) -> IdempotencyRecord,
) -> Result<(IdempotencyRecord, Vec<Message>), EndOrderError> {
    transaction!(store, |tx| {
        let (mut order, mut payment) = load_both(store, tx, order).await?;
        if order.status == OrderStatus::Pending && payment.is_under_way() {
            return Err(EndOrderError::PaymentUnderWay);
        }
        let cancellation = Cancellation::requested(by, reason);
        let messages = if order.has_expired() {
            order.cancel_expired(cancellation, now)?;
            save_both(store, tx, &mut order, &mut payment).await?;
            Vec::new()
        } else {
            cancel_in(store, tx, &mut order, &mut payment, cancellation, now).await?
        };
        let record = record(&order, &payment);
        store.idempotency.insert_in(tx, &record, now).await?;
        Ok((record, messages))
    })
}

/// Gives an unpaid order up whose time is over. While a charge is under way, nobody knows whether it is paid: then the
/// charge is called off first, and the order ends with it.
pub async fn expire_order(store: &Store, order: Id<Order>, now: Timestamp) -> Result<Vec<Message>, EndOrderError> {
    transaction!(store, |tx| {
        let (mut order, mut payment) = load_both(store, tx, order).await?;
        if order.status != OrderStatus::Pending || order.reserved_until > now {
            return Ok(Vec::new());
        }
        match payment.status {
            PaymentStatus::Pending | PaymentStatus::Failed => {
                cancel_in(store, tx, &mut order, &mut payment, Cancellation::expired(), now).await
            }
            PaymentStatus::Processing => {
                let messages =
                    vec![Event::PaymentVoidRequested { payment_id: payment.id, order_id: order.id }.now(now)];
                // Asked once per grace, not once per minute.
                order.reserved_until = now.plus(VOID_RETRY_INTERVAL);
                store.orders.save_in(tx, &mut order).await?;
                store.outbox.enqueue_all(tx, &messages).await?;
                Ok(messages)
            }
            // Its money arrived: whoever settles it confirms it.
            PaymentStatus::Completed | PaymentStatus::Refunded => Ok(Vec::new()),
        }
    })
}

/// How long a charge may take to be called off before it is asked again.
const VOID_RETRY_INTERVAL: std::time::Duration = std::time::Duration::from_secs(5 * 60);
