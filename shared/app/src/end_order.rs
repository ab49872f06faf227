//! Orders that end before they are shipped: cancelled by a person, or expired because they were not paid in time.
//!
//! Status, stock, coupon and payment change in one transaction. Cancelling an order and starting a charge both write the
//! payment, so the two transactions conflict and serialise: an order is never cancelled while its charge is under way.
//!
//! A charge that waits for the customer (3-D Secure) is not under way. Its payment fails with the order, and a message
//! voids it; if the customer completes it before that, the money is late and is refunded.

use shop_domain::{
    Id, IllegalTransition, MoneyError, Timestamp,
    message::{Event, Message},
    order::{Cancellation, Order, OrderStatus},
    payment::{Failure, FailureCode, Payment, PaymentStatus},
    user::User,
};
use shop_store::{Store, StoreError, TransactionError, Tx, Versioned, idempotency::IdempotencyRecord, transaction};

/// Why an order was not cancelled.
#[derive(Debug, thiserror::Error)]
pub enum EndOrderError {
    /// Its status does not allow it.
    #[error(transparent)]
    Illegal(#[from] IllegalTransition),
    /// A charge is under way, and its outcome is not known yet.
    #[error("a payment for the order is under way")]
    PaymentUnderWay,
    /// The sum of its transfers does not fit.
    #[error(transparent)]
    Money(#[from] MoneyError),
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

/// Saves an order and its payment, even if only one changed, so that concurrent transactions conflict.
pub(super) async fn save_both(
    store: &Store,
    tx: &mut Tx,
    order: &mut Versioned<Order>,
    payment: &mut Versioned<Payment>,
) -> Result<(), StoreError> {
    store.orders.save_in(tx, order).await?;
    store.payments.save_in(tx, payment).await
}

/// Cancels an order in an open transaction: releases its stock and enqueues what follows.
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
        // An unpaid order restores its coupon; a refunded one has used it.
        store.coupons.restore_in(tx, order.id, now).await?;
        let received = payment.received()?;
        if !received.is_zero() {
            // Less than the amount has arrived. The message `order.cancelled` refunds it.
            let _ = payment.complete(received, None, now);
        } else if payment.status == PaymentStatus::Pending || payment.action_required || payment.is_contradicted() {
            let _ = payment.fail(&Failure::new(FailureCode::Cancelled, "the order was cancelled"), now)?;
        }
        if payment.transaction_id.is_some() {
            payment.void_pending = true;
            messages.push(Event::PaymentVoidRequested { payment_id: payment.id, order_id: order.id }.now(now));
        }
    } else if payment.authorised.is_some() {
        messages.push(void_authorisation(payment, now)?);
    }
    save_both(store, tx, order, payment).await?;
    store.outbox.enqueue_all(tx, &messages).await?;
    for (sku, quantity) in order.units() {
        store.inventory.release_in(tx, &sku, quantity, now).await?;
    }
    Ok(messages)
}

/// Requests the void of what is authorised and not captured. A payment of which nothing is captured has failed.
pub(super) fn void_authorisation(payment: &mut Payment, now: Timestamp) -> Result<Message, IllegalTransition> {
    payment.void_pending = true;
    if payment.status == PaymentStatus::Processing {
        let _ = payment.fail(&Failure::new(FailureCode::Cancelled, "the order was cancelled"), now)?;
    }
    Ok(Event::PaymentVoidRequested { payment_id: payment.id, order_id: payment.order }.now(now))
}

/// Cancels an order for a customer, a guest (`by` is `None`) or an administrator. The message `order.cancelled` refunds what was captured;
/// `payment.voidRequested` voids what is authorised, or what the customer could still confirm at the gateway. An expired order
/// is only marked: late money is then refunded and no longer reopens it.
///
/// Returns the messages to dispatch after the commit. `record` makes the idempotency record of the answer.
pub async fn cancel_order(
    store: &Store,
    order: Id<Order>,
    reason: &str,
    by: Option<Id<User>>,
    now: Timestamp,
    record: impl Fn(&Order, &Payment) -> IdempotencyRecord,
) -> Result<(IdempotencyRecord, Vec<Message>), EndOrderError> {
    transaction!(store, |tx| {
        let (mut order, mut payment) = load_both(store, tx, order).await?;
        if order.status.reserves_stock() && !order.has_left() && payment.is_under_way() {
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

/// Expires an unpaid order. While a charge is under way its outcome is not known: the charge is voided first, and the order
/// ends with it.
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
            // The gateway has charged something else: a void would not end it.
            PaymentStatus::Processing if payment.is_contradicted() => {
                cancel_in(store, tx, &mut order, &mut payment, Cancellation::expired(), now).await
            }
            PaymentStatus::Processing => {
                let messages =
                    vec![Event::PaymentVoidRequested { payment_id: payment.id, order_id: order.id }.now(now)];
                // One void request per interval, not one per run of maintenance.
                order.reserved_until = now.plus(VOID_RETRY_INTERVAL);
                payment.void_pending = true;
                save_both(store, tx, &mut order, &mut payment).await?;
                store.outbox.enqueue_all(tx, &messages).await?;
                Ok(messages)
            }
            // The money arrived: recording it confirms the order.
            PaymentStatus::Completed | PaymentStatus::Refunded => Ok(Vec::new()),
        }
    })
}

/// How long a void request may take before it is sent again.
const VOID_RETRY_INTERVAL: std::time::Duration = std::time::Duration::from_secs(5 * 60);
