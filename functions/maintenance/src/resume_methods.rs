//! Enqueues again the detaching of deleted payment methods, where a message may be a dead letter.

use shared::{domain::message::Event, queue::Worker, store::StoreError, transaction};

use crate::{
    BATCH,
    resume::{RESUME_DELAY, dispatch},
};

/// Answers how many methods are detached again.
pub(crate) async fn run(worker: &Worker) -> Result<usize, StoreError> {
    let store = &worker.store;
    let now = worker.clock.now();
    let attached = store.saved_methods.list_deleted_since(now.minus(RESUME_DELAY), BATCH).await?;
    let mut count = 0;
    for method in attached {
        let id = method.id;
        let enqueued: Result<_, StoreError> = transaction!(store, |tx| {
            // It may have been detached meanwhile.
            let Some(mut method) = store.saved_methods.find_in(tx, id).await? else { return Ok(Vec::new()) };
            // Recorded, so that the next run does not enqueue it again.
            method.updated_at = now;
            let message = Event::DetachMethodRequested { method_id: method.id }.now(now);
            store.saved_methods.save_in(tx, &mut method).await?;
            store.outbox.enqueue(tx, &message).await?;
            Ok(vec![message])
        });
        count += dispatch(worker, id, enqueued, "a deleted payment method could not be resumed").await?;
    }
    Ok(count)
}
