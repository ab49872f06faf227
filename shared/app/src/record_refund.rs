//! Records refunds that were paid out. As with charges, a repeat changes nothing.
//!
//! Receiving a return writes the payment too (`fulfill_order::receive_return`), so it and the last refund serialise, and the
//! order becomes `refunded` once.

use super::record_payment::{RecordError, load_payment};
use shop_domain::{
    Id, Idempotent, Timestamp,
    message::{Event, Message},
    order::Order,
    payment::{Payment, Refund, RefundLease},
};
use shop_store::{Store, Tx, Versioned, transaction};

/// Acquires the lease of a refund that is to be paid out.
pub async fn lease_refund(
    store: &Store,
    payment: Id<Payment>,
    refund: Id<Refund>,
    now: Timestamp,
) -> Result<RefundLease, RecordError> {
    transaction!(store, |tx| {
        let (_, mut payment) = load_payment(store, tx, payment).await?;
        let lease = payment.lease_refund(refund, now);
        if matches!(lease, RefundLease::Taken { .. }) {
            store.payments.save_in(tx, &mut payment).await?;
        }
        Ok(lease)
    })
}

/// Ends the lease of a refund whose outcome is unknown.
pub async fn end_refund_lease(store: &Store, payment: Id<Payment>, refund: Id<Refund>) -> Result<(), RecordError> {
    transaction!(store, |tx| {
        let (_, mut payment) = load_payment(store, tx, payment).await?;
        payment.end_refund_lease(refund);
        Ok(store.payments.save_in(tx, &mut payment).await?)
    })
}

/// The gateway accepted a refund.
pub async fn record_refunded(
    store: &Store,
    payment: Id<Payment>,
    refund: Id<Refund>,
    gateway_id: &str,
    now: Timestamp,
) -> Result<Vec<Message>, RecordError> {
    transaction!(store, |tx| {
        let (mut order, mut payment) = load_payment(store, tx, payment).await?;
        if payment.refund_processed(refund, gateway_id, now)? == Idempotent::AlreadyApplied {
            return Ok(Vec::new());
        }
        paid_out_in(store, tx, &mut order, &mut payment, refund, now).await
    })
}

/// An administrator paid a refund out by bank transfer, in an open transaction. Returns the payment too.
pub(super) async fn record_refund_transfer_in(
    store: &Store,
    tx: &mut Tx,
    payment: Id<Payment>,
    refund: Id<Refund>,
    reference: &str,
    now: Timestamp,
) -> Result<(Versioned<Payment>, Vec<Message>), RecordError> {
    let (mut order, mut payment) = load_payment(store, tx, payment).await?;
    payment.refund_transferred(refund, reference, now)?;
    let messages = paid_out_in(store, tx, &mut order, &mut payment, refund, now).await?;
    Ok((payment, messages))
}

async fn paid_out_in(
    store: &Store,
    tx: &mut Tx,
    order: &mut Versioned<Order>,
    payment: &mut Versioned<Payment>,
    refund: Id<Refund>,
    now: Timestamp,
) -> Result<Vec<Message>, RecordError> {
    let mail = Event::EmailRefunded { order_id: order.id, payment_id: payment.id, refund_id: refund };
    let messages = vec![mail.now(now)];
    if order.finish_returns(payment, now).was_executed() {
        store.orders.save_in(tx, order).await?;
    }
    store.payments.save_in(tx, payment).await?;
    store.outbox.enqueue_all(tx, &messages).await?;
    Ok(messages)
}
