//! Relays messages of the outbox that were not dispatched.

use shared::{queue::Worker, store::StoreError};

use crate::BATCH;

/// Answers how many were relayed.
pub(crate) async fn run(worker: &Worker) -> Result<usize, StoreError> {
    let mut sent = 0;
    loop {
        let relayed = worker.publisher.relay(BATCH).await?;
        sent += relayed;
        // A full batch means that there are more; messages that SQS refused wait for the next run.
        if i64::try_from(relayed).unwrap_or(i64::MAX) < BATCH {
            return Ok(sent);
        }
    }
}
