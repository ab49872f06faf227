//! What the tasks that enqueue messages again have in common: a message may be a dead letter.

use std::{fmt::Display, time::Duration};

use shared::{domain::message::Message, queue::Worker, store::StoreError};

/// Longer than the visibility time-out of every queue, so that no delivery is in progress.
pub(crate) const RESUME_DELAY: Duration = Duration::from_secs(10 * 60);

/// Dispatches what was enqueued about one document. Answers 1 if something was. A failure is logged with this sentence, so that
/// one document does not block the others; an unavailable database ends the run.
pub(crate) async fn dispatch(
    worker: &Worker,
    id: impl Display,
    enqueued: Result<Vec<Message>, StoreError>,
    failure: &str,
) -> Result<usize, StoreError> {
    match enqueued {
        Ok(messages) => {
            let count = usize::from(!messages.is_empty());
            worker.dispatch(messages).await;
            Ok(count)
        }
        Err(error @ StoreError::Unavailable(_)) => Err(error),
        Err(error) => {
            tracing::error!(%id, error = &error as &dyn std::error::Error, "{failure}");
            Ok(0)
        }
    }
}
