//! Asks about payments that have been under way for too long: a worker died, or its message ended in the dead-letter queue.

use std::time::Duration;

use shared::{domain::message::Event, queue::Worker, store::StoreError, transaction};

use crate::BATCH;

/// Longer than SQS keeps a message that is being worked on from coming again, so that this asks only when nobody else does.
const LOOKUP_DELAY: Duration = Duration::from_secs(10 * 60);

/// Answers how many are asked about.
pub(crate) async fn run(worker: &Worker) -> Result<usize, StoreError> {
    let store = &worker.store;
    let now = worker.clock.now();
    let waiting = store.payments.list_processing_since(now.minus(LOOKUP_DELAY), BATCH).await?;
    let mut asked = 0;
    for payment in waiting {
        let id = payment.id;
        let asking: Result<_, StoreError> = transaction!(store, |tx| {
            let Some(mut payment) = store.payments.find_in(tx, id).await? else { return Ok(None) };
            // Noted, so that the next minute does not ask again.
            payment.updated_at = now;
            let message = Event::PaymentStatusUnknown { payment_id: payment.id, order_id: payment.order }.now(now);
            store.payments.save_in(tx, &mut payment).await?;
            store.outbox.enqueue(tx, &message).await?;
            Ok(Some(message))
        });
        match asking {
            Ok(message) => {
                asked += usize::from(message.is_some());
                worker.dispatch(Vec::from_iter(message)).await;
            }
            Err(error @ StoreError::Unavailable(_)) => return Err(error),
            // One payment that cannot be asked about must not keep the others.
            Err(error) => {
                tracing::error!(%id, error = &error as &dyn std::error::Error, "a payment is not looked up");
            }
        }
    }
    Ok(asked)
}
