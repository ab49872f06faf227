//! Captures or voids authorisations before they end: the gateway would release them, and an order would be shipped unpaid.

use std::time::Duration;

use shared::{
    app::{record_capture::end_before_expiry, record_payment::RecordError},
    domain::payment::AUTHORISATION_MARGIN,
    queue::Worker,
    store::StoreError,
};

use crate::BATCH;

/// How long a capture that the gateway refused is not requested again.
const RETRY_DELAY: Duration = Duration::from_secs(3600);

/// Answers how many are captured or voided.
pub(crate) async fn run(worker: &Worker) -> Result<usize, StoreError> {
    let store = &worker.store;
    let now = worker.clock.now();
    let due =
        store.payments.list_authorised_until(now.plus(AUTHORISATION_MARGIN), now.minus(RETRY_DELAY), BATCH).await?;
    let mut ended = 0;
    for payment in due {
        match end_before_expiry(store, payment, worker.clock.now()).await {
            Ok(messages) => {
                ended += usize::from(!messages.is_empty());
                worker.dispatch(messages).await;
            }
            Err(RecordError::Store(error @ StoreError::Unavailable(_))) => return Err(error),
            // A failure for one payment must not block the others.
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(%payment, error, "an authorisation could not be ended in time");
            }
        }
    }
    Ok(ended)
}
