//! Enqueues look-ups of payments that have been processing for too long: a worker died, or its message is a dead letter.

use shared::{domain::message::Event, queue::Worker, store::StoreError, transaction};

use crate::{
    BATCH,
    resume::{RESUME_DELAY, dispatch},
};

/// Answers how many look-ups were enqueued.
pub(crate) async fn run(worker: &Worker) -> Result<usize, StoreError> {
    let store = &worker.store;
    let now = worker.clock.now();
    let overdue = store.payments.list_processing_since(now.minus(RESUME_DELAY), BATCH).await?;
    let mut count = 0;
    for payment in overdue {
        let id = payment.id;
        let enqueued: Result<_, StoreError> = transaction!(store, |tx| {
            let Some(mut payment) = store.payments.find_in(tx, id).await? else { return Ok(Vec::new()) };
            // Recorded, so that the next run does not enqueue it again.
            payment.updated_at = now;
            let message = Event::PaymentStatusUnknown { payment_id: payment.id, order_id: payment.order }.now(now);
            store.payments.save_in(tx, &mut payment).await?;
            store.outbox.enqueue(tx, &message).await?;
            Ok(vec![message])
        });
        count += dispatch(worker, id, enqueued, "a look-up of a payment could not be enqueued").await?;
    }
    Ok(count)
}
