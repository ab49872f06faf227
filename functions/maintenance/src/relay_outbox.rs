//! Sends promised messages that their makers could not send.

use shared::{queue::Worker, store::StoreError};

use crate::BATCH;

/// Answers how many were sent.
pub(crate) async fn run(worker: &Worker) -> Result<usize, StoreError> {
    let mut sent = 0;
    loop {
        let now = worker.publisher.relay(BATCH).await?;
        sent += now;
        // A full batch means that there are more; anything less that SQS did not take waits for the next minute.
        if i64::try_from(now).unwrap_or(i64::MAX) < BATCH {
            return Ok(sent);
        }
    }
}
