//! Frees stock that was taken for orders whose process died before they came about.

use shared::{queue::Worker, store::StoreError, workflows::stock_holds};

use crate::BATCH;

/// Answers how many holds were ended.
pub(crate) async fn run(worker: &Worker) -> Result<usize, StoreError> {
    let stale = worker.store.inventory.list_stale_holds(worker.clock.now(), BATCH).await?;
    let mut ended = 0;
    for hold in &stale {
        match stock_holds::recover(&worker.store, hold, worker.clock.now()).await {
            Ok(messages) => {
                ended += 1;
                worker.send(messages).await;
            }
            Err(error @ StoreError::Unavailable(_)) => return Err(error),
            // One hold that cannot be ended must not keep the others.
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(sku = hold.sku.as_str(), order = %hold.holder.order, error, "a hold does not end");
            }
        }
    }
    Ok(ended)
}
