//! Expires orders that were not paid in time.

use shared::{
    app::end_order::{EndOrderError, expire_order},
    queue::Worker,
    store::StoreError,
};

use crate::BATCH;

/// Answers how many expired, or have their charge voided first.
pub(crate) async fn run(worker: &Worker) -> Result<usize, StoreError> {
    let due = worker.store.orders.list_expired(worker.clock.now(), BATCH).await?;
    let mut expired = 0;
    for order in due {
        match expire_order(&worker.store, order, worker.clock.now()).await {
            Ok(messages) => {
                expired += usize::from(!messages.is_empty());
                worker.dispatch(messages).await;
            }
            Err(EndOrderError::Store(error @ StoreError::Unavailable(_))) => return Err(error),
            // A failure for one order must not block the others.
            Err(error) => {
                tracing::error!(%order, error = &error as &dyn std::error::Error, "an order could not be expired")
            }
        }
    }
    Ok(expired)
}
