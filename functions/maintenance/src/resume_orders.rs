//! Enqueues `order.paid` again for paid orders that are not picked: the message may be a dead letter.

use std::time::Duration;

use shared::{domain::message::Event, domain::order::OrderStatus, queue::Worker, store::StoreError, transaction};

use crate::BATCH;

/// Longer than the visibility time-out of the fulfillment queue, so that no delivery is in progress.
const RESUME_DELAY: Duration = Duration::from_secs(10 * 60);

/// Answers how many orders were resumed.
pub(crate) async fn run(worker: &Worker) -> Result<usize, StoreError> {
    let store = &worker.store;
    let now = worker.clock.now();
    let waiting = store.orders.list_confirmed_since(now.minus(RESUME_DELAY), BATCH).await?;
    let mut count = 0;
    for id in waiting {
        let enqueued: Result<_, StoreError> = transaction!(store, |tx| {
            let found = store.orders.find_in(tx, id).await?;
            let Some(mut order) = found.filter(|order| order.status == OrderStatus::Confirmed) else { return Ok(None) };
            // Recorded, so that the next run does not enqueue it again.
            order.updated_at = now;
            let message = Event::OrderPaid { order_id: order.id }.now(now);
            store.orders.save_in(tx, &mut order).await?;
            store.outbox.enqueue(tx, &message).await?;
            Ok(Some(message))
        });
        match enqueued {
            Ok(message) => {
                count += usize::from(message.is_some());
                worker.dispatch(Vec::from_iter(message)).await;
            }
            Err(error @ StoreError::Unavailable(_)) => return Err(error),
            // A failure for one order must not block the others.
            Err(error) => {
                tracing::error!(%id, error = &error as &dyn std::error::Error, "an order could not be resumed")
            }
        }
    }
    Ok(count)
}
