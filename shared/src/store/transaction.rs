//! All or nothing, with a bound on how long we try.

use std::time::{Duration, Instant};

use mongodb::{
    ClientSession,
    options::{ReadConcern, TransactionOptions, WriteConcern},
};

use super::{Store, StoreError};

/// How long conflicts are worked against. The driver's own helper would try for 120 s, four times as long as API
/// Gateway waits.
const CONFLICT_BUDGET: Duration = Duration::from_secs(15);

/// How long a missing primary is waited for, on top of the server selection.
const OUTAGE_BUDGET: Duration = Duration::from_millis(1500);

const FIRST_BACKOFF: Duration = Duration::from_millis(4);
const LONGEST_BACKOFF: Duration = Duration::from_millis(150);

/// An open transaction. Whatever is read or written with it happens at once or not at all.
#[derive(Debug)]
pub struct Tx {
    pub(super) session: ClientSession,
}

/// An error that a transaction may end with.
pub trait TransactionError: From<StoreError> {
    /// The store's error in it, if that is what it is: only such errors can be worth another try.
    fn store_error(&self) -> Option<&StoreError>;
}

impl TransactionError for StoreError {
    fn store_error(&self) -> Option<&StoreError> {
        Some(self)
    }
}

impl Store {
    /// Runs `work` in a transaction (snapshot reads, majority writes) and commits it. An error of `work` aborts it.
    ///
    /// `work` runs again when it lost against another write, so it must have no effect but through `Tx`: no gateway, no
    /// queue.
    ///
    /// # Errors
    /// What `work` ends with, or a [`StoreError`] when the database cannot be reached or conflicts do not end.
    pub async fn transaction<T, E, F>(&self, mut work: F) -> Result<T, E>
    where
        E: TransactionError,
        F: AsyncFnMut(&mut Tx) -> Result<T, E>,
    {
        let started = Instant::now();
        let session = self.client.start_session().await.map_err(StoreError::from)?;
        let mut tx = Tx { session };
        for attempt in 0_u32.. {
            tx.begin().await?;
            let error = match work(&mut tx).await {
                Ok(done) => match tx.commit(started).await {
                    Ok(()) => return Ok(done),
                    Err(error) => error.into(),
                },
                Err(error) => {
                    // An abort that fails leaves nothing behind either: the server drops the transaction by itself.
                    let _ = tx.session.abort_transaction().await;
                    error
                }
            };
            let worth_another_try = error.store_error().is_some_and(|cause| {
                let budget = if matches!(cause, StoreError::Unavailable(_)) { OUTAGE_BUDGET } else { CONFLICT_BUDGET };
                cause.is_transient() && !cause.has_unknown_commit_result() && started.elapsed() < budget
            });
            if !worth_another_try {
                return Err(error);
            }
            tokio::time::sleep(backoff(attempt)).await;
        }
        unreachable!("the loop ends by returning")
    }
}

impl Tx {
    async fn begin(&mut self) -> Result<(), StoreError> {
        let options = TransactionOptions::builder()
            .read_concern(ReadConcern::snapshot())
            .write_concern(WriteConcern::majority())
            .build();
        self.session.start_transaction().with_options(options).await?;
        Ok(())
    }

    /// Commits; asks again while the answer is lost, which is safe because a commit happens once.
    async fn commit(&mut self, started: Instant) -> Result<(), StoreError> {
        loop {
            match self.session.commit_transaction().await.map_err(StoreError::from) {
                Err(error) if error.has_unknown_commit_result() && started.elapsed() < OUTAGE_BUDGET => {
                    tokio::time::sleep(FIRST_BACKOFF).await;
                }
                result => return result,
            }
        }
    }
}

/// Exponential with full jitter: a herd that lost together must not come back together.
fn backoff(attempt: u32) -> Duration {
    let ceiling = FIRST_BACKOFF.saturating_mul(1 << attempt.min(10)).min(LONGEST_BACKOFF);
    Duration::from_micros(rand::random_range(0..=u64::try_from(ceiling.as_micros()).unwrap_or(u64::MAX)))
}
