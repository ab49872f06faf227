//! Enqueues again what a payment waits for, where a message may be a dead letter: a void that the gateway has not confirmed,
//! captures that are not made, refunds that are not paid out, disputes that may have ended.

use shared::{
    domain::{
        Timestamp,
        message::{Event, Message},
        payment::{Payment, RefundStatus},
    },
    queue::Worker,
    store::StoreError,
    transaction,
};

use crate::{
    BATCH,
    resume::{RESUME_DELAY, dispatch},
};

/// Answers how many payments were resumed.
pub(crate) async fn run(worker: &Worker) -> Result<usize, StoreError> {
    let store = &worker.store;
    let now = worker.clock.now();
    let unresolved = store.payments.list_unresolved_since(now.minus(RESUME_DELAY), BATCH).await?;
    let mut count = 0;
    for payment in unresolved {
        let id = payment.id;
        let enqueued: Result<_, StoreError> = transaction!(store, |tx| {
            let Some(mut payment) = store.payments.find_in(tx, id).await? else { return Ok(Vec::new()) };
            let messages = messages_of(&payment, now);
            // Recorded, so that the next run does not enqueue them again.
            payment.updated_at = now;
            store.payments.save_in(tx, &mut payment).await?;
            store.outbox.enqueue_all(tx, &messages).await?;
            Ok(messages)
        });
        count += dispatch(worker, id, enqueued, "a payment could not be resumed").await?;
    }
    Ok(count)
}

fn messages_of(payment: &Payment, now: Timestamp) -> Vec<Message> {
    let (payment_id, order_id) = (payment.id, payment.order);
    let mut events = Vec::new();
    if payment.void_pending {
        events.push(Event::PaymentVoidRequested { payment_id, order_id });
    }
    let requested = payment.requested_captures();
    events.extend(requested.map(|capture| Event::PaymentCaptureRequested {
        payment_id,
        order_id,
        capture_id: capture.id,
    }));
    let approved =
        || payment.refunds.iter().filter(|refund| refund.status == RefundStatus::Approved && !refund.by_transfer);
    if payment.has_open_dispute() || approved().any(|refund| refund.refund_id.is_some()) {
        events.push(Event::PaymentStatusUnknown { payment_id, order_id });
    }
    if !payment.has_open_dispute() {
        let due = approved().filter(|refund| refund.refund_id.is_none());
        events.extend(due.map(|refund| Event::RefundRequested { payment_id, order_id, refund_id: refund.id }));
    }
    events.into_iter().map(|event| event.now(now)).collect()
}
