//! Expires reservations of stock whose process died before the order was placed.

use shared::{app::reserve_stock, queue::Worker, store::StoreError};

use crate::BATCH;

/// Answers how many reservations were confirmed or released.
pub(crate) async fn run(worker: &Worker) -> Result<usize, StoreError> {
    let expired = worker.store.inventory.list_expired_reservations(worker.clock.now(), BATCH).await?;
    let mut ended = 0;
    for (sku, reservation) in &expired {
        match reserve_stock::expire(&worker.store, sku, reservation, worker.clock.now()).await {
            Ok(()) => ended += 1,
            Err(error @ StoreError::Unavailable(_)) => return Err(error),
            // A failure for one reservation must not block the others.
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(sku = sku.as_str(), order = %reservation.order, error, "a reservation could not be expired");
            }
        }
    }
    Ok(ended)
}
