//! Gives up orders that nobody paid in time.

use shared::{
    app::end_order::{EndOrderError, expire_order},
    queue::Worker,
    store::StoreError,
};

use crate::BATCH;

/// Answers how many were given up, or are being called off.
pub(crate) async fn run(worker: &Worker) -> Result<usize, StoreError> {
    let due = worker.store.orders.list_expired(worker.clock.now(), BATCH).await?;
    let mut ended = 0;
    for order in due {
        match expire_order(&worker.store, order, worker.clock.now()).await {
            Ok(messages) => {
                ended += usize::from(!messages.is_empty());
                worker.dispatch(messages).await;
            }
            Err(EndOrderError::Store(error @ StoreError::Unavailable(_))) => return Err(error),
            // One order that cannot be ended must not hold up the others.
            Err(error) => tracing::error!(%order, error = &error as &dyn std::error::Error, "an order does not end"),
        }
    }
    Ok(ended)
}
