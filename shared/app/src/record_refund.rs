//! Records refunds and disputes as the gateway reports them. As with charges, a repeat changes nothing.
//!
//! Receiving a return writes the payment too (`fulfill_order::receive_return`), so it and the last refund serialise, and the
//! order becomes `refunded` once.

use super::record_payment::{RecordError, load_payment};
use shop_domain::{
    Id, Timestamp,
    message::{Event, Message},
    order::{Order, OrderStatus},
    payment::{DisputeStatus, GatewayDispute, GatewayRefund, Payment, Refund, RefundLease, RefundOrigin, RefundStatus},
};
use shop_store::{Store, Tx, Versioned, idempotency::IdempotencyRecord, transaction};

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
        if matches!(lease, RefundLease::Acquired { .. }) {
            store.payments.save_in(tx, &mut payment).await?;
        }
        Ok(lease)
    })
}

/// Ends the lease of an attempt that the gateway has answered, or that was not sent.
pub async fn end_refund_lease(
    store: &Store,
    payment: Id<Payment>,
    refund: Id<Refund>,
    attempt: i64,
) -> Result<(), RecordError> {
    transaction!(store, |tx| {
        let (_, mut payment) = load_payment(store, tx, payment).await?;
        payment.end_refund_lease(refund, attempt);
        Ok(store.payments.save_in(tx, &mut payment).await?)
    })
}

/// The gateway refuses to pay a refund out: a person retries it, pays it otherwise, or rejects it.
pub async fn record_refund_failed(
    store: &Store,
    payment: Id<Payment>,
    refund: Id<Refund>,
    reason: &str,
    now: Timestamp,
) -> Result<(), RecordError> {
    transaction!(store, |tx| {
        let (_, mut payment) = load_payment(store, tx, payment).await?;
        if payment.fail_refund(refund, reason, now).was_executed() {
            tracing::error!(payment = %payment.id, %refund, reason, "a refund failed: a person has to decide");
            store.payments.save_in(tx, &mut payment).await?;
        }
        Ok(())
    })
}

/// Records every refund and dispute that the gateway reports, and what follows: mails about refunds that are paid out now,
/// and the refunds that waited for a dispute to end. Returns the payment too.
pub async fn record_history(
    store: &Store,
    payment: Id<Payment>,
    refunds: &[GatewayRefund],
    disputes: &[GatewayDispute],
    now: Timestamp,
) -> Result<(Versioned<Payment>, Vec<Message>), RecordError> {
    transaction!(store, |tx| {
        let (mut order, mut payment) = load_payment(store, tx, payment).await?;
        // Refunds of a charge that is not this payment's are not this payment's either.
        if payment.captured.is_zero() {
            return Ok((payment, Vec::new()));
        }
        let before = payment.clone();
        let mut has_changed = false;
        for reported in refunds {
            has_changed |= payment.record_refund(reported, now)?.was_executed();
        }
        for reported in disputes {
            has_changed |= payment.record_dispute(reported, now)?.was_executed();
        }
        if !has_changed {
            return Ok((payment, Vec::new()));
        }
        let mut messages = Vec::new();
        report_refunds(&before, &payment, &mut messages, now);
        resume_refunds(&before, &order, &mut payment, &mut messages, now)?;
        save_in(store, tx, &mut order, &mut payment, &messages, now).await?;
        Ok((payment, messages))
    })
}

/// Mails about refunds that are paid out since, and alarms about those that failed.
fn report_refunds(before: &Payment, after: &Payment, messages: &mut Vec<Message>, now: Timestamp) {
    for refund in &after.refunds {
        let previous = before.refunds.iter().find(|other| other.id == refund.id).map(|refund| refund.status);
        if previous == Some(refund.status) {
            continue;
        }
        let (order_id, payment_id, refund_id) = (after.order, after.id, refund.id);
        match refund.status {
            RefundStatus::Processed => {
                messages.push(Event::EmailRefunded { order_id, payment_id, refund_id }.now(now));
                if refund.made_at == RefundOrigin::Gateway {
                    tracing::warn!(payment = %payment_id, refund = %refund_id, "a refund was made at the gateway");
                }
            }
            RefundStatus::Failed => {
                let reason = refund.failure_reason.as_deref();
                tracing::error!(payment = %payment_id, refund = %refund_id, reason, "a refund failed: a person has to decide");
            }
            RefundStatus::Approved | RefundStatus::Rejected => {}
        }
    }
}

/// Alarms about new disputes; once none is open any more, requests the refunds that waited.
fn resume_refunds(
    before: &Payment,
    order: &Order,
    payment: &mut Payment,
    messages: &mut Vec<Message>,
    now: Timestamp,
) -> Result<(), RecordError> {
    for dispute in payment.disputes.iter().filter(|dispute| dispute.status == DisputeStatus::Open) {
        if !before.disputes.iter().any(|other| other.id == dispute.id) {
            let (dispute, due) = (&dispute.id, dispute.evidence_due_by.map(|due| due.to_string()));
            tracing::error!(payment = %payment.id, dispute, due, "a charge is disputed and its order not shipped: a person has to decide");
        }
    }
    if !before.has_open_dispute() || payment.has_open_dispute() {
        return Ok(());
    }
    let left = payment.refundable()?;
    if order.status == OrderStatus::Cancelled && !left.is_zero() {
        payment.approve_refund(left, "the order was cancelled", now)?;
    }
    let due =
        payment.refunds.iter().filter(|refund| refund.status == RefundStatus::Approved && refund.refund_id.is_none());
    messages.extend(due.map(|refund| {
        Event::RefundRequested { payment_id: payment.id, order_id: payment.order, refund_id: refund.id }.now(now)
    }));
    Ok(())
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
    let mail = Event::EmailRefunded { order_id: order.id, payment_id: payment.id, refund_id: refund };
    let messages = vec![mail.now(now)];
    save_in(store, tx, &mut order, &mut payment, &messages, now).await?;
    Ok((payment, messages))
}

/// What an administrator decides about a refund that is not paid out.
#[derive(Clone, Copy, Debug)]
pub enum RefundDecision<'a> {
    /// It is paid out after all.
    Retry,
    /// It is not owed any more, for this reason.
    Reject(&'a str),
}

/// Records a decision about a refund. `record` makes the idempotency record of the answer.
pub async fn record_refund_decision(
    store: &Store,
    payment: Id<Payment>,
    refund: Id<Refund>,
    decision: RefundDecision<'_>,
    now: Timestamp,
    record: impl Fn(&Payment) -> IdempotencyRecord,
) -> Result<(IdempotencyRecord, Vec<Message>), RecordError> {
    transaction!(store, |tx| {
        let (mut order, mut payment) = load_payment(store, tx, payment).await?;
        let mut messages = Vec::new();
        match decision {
            RefundDecision::Retry => {
                payment.retry_refund(refund, now)?;
                let event = Event::RefundRequested { payment_id: payment.id, order_id: order.id, refund_id: refund };
                messages.push(event.now(now));
            }
            RefundDecision::Reject(reason) => payment.reject_refund(refund, reason, now)?,
        }
        // An order of which everything came back ends with its last refund.
        save_in(store, tx, &mut order, &mut payment, &messages, now).await?;
        let record = record(&payment);
        store.idempotency.insert_in(tx, &record, now).await?;
        Ok((record, messages))
    })
}

async fn save_in(
    store: &Store,
    tx: &mut Tx,
    order: &mut Versioned<Order>,
    payment: &mut Versioned<Payment>,
    messages: &[Message],
    now: Timestamp,
) -> Result<(), RecordError> {
    if order.finish_returns(payment, now).was_executed() {
        store.orders.save_in(tx, order).await?;
    }
    store.payments.save_in(tx, payment).await?;
    Ok(store.outbox.enqueue_all(tx, messages).await?)
}
