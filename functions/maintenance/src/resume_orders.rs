//! Enqueues `order.paid` again for paid orders that are not picked: the message may be a dead letter.

use shared::{domain::message::Event, domain::order::OrderStatus, queue::Worker, store::StoreError, transaction};

use crate::{
    BATCH,
    resume::{RESUME_DELAY, dispatch},
};

/// Answers how many orders were resumed.
pub(crate) async fn run(worker: &Worker) -> Result<usize, StoreError> {
    let store = &worker.store;
    let now = worker.clock.now();
    let waiting = store.orders.list_confirmed_since(now.minus(RESUME_DELAY), BATCH).await?;
    let mut count = 0;
    for id in waiting {
        let enqueued: Result<_, StoreError> = transaction!(store, |tx| {
            let found = store.orders.find_in(tx, id).await?;
            let Some(mut order) = found.filter(|order| order.status == OrderStatus::Confirmed) else {
                return Ok(Vec::new());
            };
            // Recorded, so that the next run does not enqueue it again.
            order.updated_at = now;
            let message = Event::OrderPaid { order_id: order.id }.now(now);
            store.orders.save_in(tx, &mut order).await?;
            store.outbox.enqueue(tx, &message).await?;
            Ok(vec![message])
        });
        count += dispatch(worker, id, enqueued, "an order could not be resumed").await?;
    }
    Ok(count)
}
