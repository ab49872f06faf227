//! Enqueues look-ups of payments that have been processing for too long: a worker died, or its message is a dead letter.

use std::time::Duration;

use shared::{domain::message::Event, queue::Worker, store::StoreError, transaction};

use crate::BATCH;

/// Longer than the visibility time-out of the payments queue, so that no delivery is in progress.
const LOOKUP_DELAY: Duration = Duration::from_secs(10 * 60);

/// Answers how many look-ups were enqueued.
pub(crate) async fn run(worker: &Worker) -> Result<usize, StoreError> {
    let store = &worker.store;
    let now = worker.clock.now();
    let overdue = store.payments.list_processing_since(now.minus(LOOKUP_DELAY), BATCH).await?;
    let mut count = 0;
    for payment in overdue {
        let id = payment.id;
        let enqueued: Result<_, StoreError> = transaction!(store, |tx| {
            let Some(mut payment) = store.payments.find_in(tx, id).await? else { return Ok(None) };
            // Recorded, so that the next run does not enqueue it again.
            payment.updated_at = now;
            let message = Event::PaymentStatusUnknown { payment_id: payment.id, order_id: payment.order }.now(now);
            store.payments.save_in(tx, &mut payment).await?;
            store.outbox.enqueue(tx, &message).await?;
            Ok(Some(message))
        });
        match enqueued {
            Ok(message) => {
                count += usize::from(message.is_some());
                worker.dispatch(Vec::from_iter(message)).await;
            }
            Err(error @ StoreError::Unavailable(_)) => return Err(error),
            // A failure for one payment must not block the others.
            Err(error) => {
                tracing::error!(%id, error = &error as &dyn std::error::Error, "a look-up of a payment could not be enqueued");
            }
        }
    }
    Ok(count)
}
