//! Enqueues again the detaching of deleted payment methods, where a message may be a dead letter.

use std::time::Duration;

use shared::{domain::message::Event, queue::Worker, store::StoreError, transaction};

use crate::BATCH;

/// Longer than the visibility time-out of the payments queue, so that no delivery is in progress.
const RESUME_DELAY: Duration = Duration::from_secs(10 * 60);

/// Answers how many methods are detached again.
pub(crate) async fn run(worker: &Worker) -> Result<usize, StoreError> {
    let store = &worker.store;
    let now = worker.clock.now();
    let attached = store.saved_methods.list_deleted_since(now.minus(RESUME_DELAY), BATCH).await?;
    let mut messages = Vec::new();
    for method in attached {
        let enqueued: Result<_, StoreError> = transaction!(store, |tx| {
            // It may have been detached meanwhile.
            let Some(mut method) = store.saved_methods.find_in(tx, method.id).await? else { return Ok(None) };
            // Recorded, so that the next run does not enqueue it again.
            method.updated_at = now;
            let message = Event::DetachMethodRequested { method_id: method.id }.now(now);
            store.saved_methods.save_in(tx, &mut method).await?;
            store.outbox.enqueue(tx, &message).await?;
            Ok(Some(message))
        });
        messages.extend(enqueued?);
    }
    let count = messages.len();
    worker.dispatch(messages).await;
    Ok(count)
}
