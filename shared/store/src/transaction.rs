//! All or nothing, with a bound on how long we try.

use std::time::{Duration, Instant};

use mongodb::{
    Client, ClientSession,
    options::{ReadConcern, TransactionOptions, WriteConcern},
};

use super::{Store, StoreError};

/// Upper bound for attempts that lose against other writes. A Lambda that waits is paid for and serves no other request, so
/// the caller is told to come back soon.
pub const RETRY_TIMEOUT: Duration = Duration::from_secs(2);

/// Upper bound for attempts while there is no primary, measured from the start of the first one.
const OUTAGE_TIMEOUT: Duration = Duration::from_millis(1500);

const FIRST_BACKOFF: Duration = Duration::from_millis(4);
/// Reached only under heavy contention, where each attempt slows the others down.
const LONGEST_BACKOFF: Duration = Duration::from_millis(500);

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

/// Runs a block in a transaction (snapshot reads, majority writes) and commits it; an error of the block aborts it.
///
/// ```ignore
/// let order = transaction!(store, |tx| {
///     let order = store.orders.find_in(tx, id).await?;
///     // …
///     Ok(order)
/// })?;
/// ```
///
/// The block runs again when it lost against another write, so it must have no effect but through `tx` (no gateway, no
/// queue), or one that it remembers, as `place_order` remembers its reservations. The result is the block's, or a [`StoreError`] when the database cannot be reached or conflicts do not end.
///
/// A macro, because a future that borrows through an async closure cannot be shown to be `Send` yet
/// (rust-lang/rust#110338), and handlers have to be.
#[macro_export]
macro_rules! transaction {
    ($store:expr, |$tx:ident| $body:block) => {
        'transaction: {
            let mut attempts = match $store.attempts().await {
                Ok(attempts) => attempts,
                Err(error) => break 'transaction Err(From::from(error)),
            };
            loop {
                let outcome = match attempts.begin().await {
                    Ok($tx) => async { $body }.await,
                    Err(error) => Err(From::from(error)),
                };
                if let Some(result) = attempts.finish(outcome).await {
                    break 'transaction result;
                }
            }
        }
    };
}

/// The attempts at one transaction; see [`crate::transaction!`].
#[derive(Debug)]
pub struct Attempts {
    client: Client,
    tx: Tx,
    started: Instant,
    attempt: u32,
}

impl Store {
    /// Prepares a transaction; see [`crate::transaction!`].
    pub async fn attempts(&self) -> Result<Attempts, StoreError> {
        let session = self.client.start_session().await?;
        let tx = Tx { session };
        Ok(Attempts { client: self.client.clone(), tx, started: Instant::now(), attempt: 0 })
    }
}

impl Attempts {
    /// Starts the next attempt.
    pub async fn begin(&mut self) -> Result<&mut Tx, StoreError> {
        self.tx.begin().await?;
        Ok(&mut self.tx)
    }

    /// Commits or aborts an attempt. `None`: it lost against another write and is to be made again.
    pub async fn finish<T, E: TransactionError>(&mut self, outcome: Result<T, E>) -> Option<Result<T, E>> {
        let error = match outcome {
            Ok(done) => match self.tx.commit(self.started).await {
                Ok(()) => return Some(Ok(done)),
                Err(error) => error.into(),
            },
            Err(error) => match self.abort(error.store_error()).await {
                Ok(()) => error,
                Err(error) => return Some(Err(error.into())),
            },
        };
        match error.store_error() {
            Some(cause) if self.is_worth_another(cause) => {}
            // It lost too often.
            Some(cause) if cause.is_conflict() && !cause.has_unknown_commit_result() => {
                return Some(Err(StoreError::Contended.into()));
            }
            _ => return Some(Err(error)),
        }
        tokio::time::sleep(backoff(self.attempt)).await;
        self.attempt = self.attempt.saturating_add(1);
        None
    }

    async fn abort(&mut self, cause: Option<&StoreError>) -> Result<(), StoreError> {
        if matches!(cause, Some(StoreError::Unavailable(_))) {
            // An abort would wait for the server as long as the operation did that failed, and the customer with it. The
            // session that is left behind sends one as soon as there is a server.
            self.tx.session = self.client.start_session().await?;
        } else {
            // An abort that fails leaves nothing behind either: the server drops the transaction by itself.
            let _ = self.tx.session.abort_transaction().await;
        }
        Ok(())
    }

    fn is_worth_another(&self, cause: &StoreError) -> bool {
        let timeout = if matches!(cause, StoreError::Unavailable(_)) { OUTAGE_TIMEOUT } else { RETRY_TIMEOUT };
        cause.is_transient() && !cause.has_unknown_commit_result() && self.started.elapsed() < timeout
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
            match self.session.commit_transaction().await.map_err(StoreError::of_commit) {
                Err(error) if error.has_unknown_commit_result() && started.elapsed() < OUTAGE_TIMEOUT => {
                    tokio::time::sleep(FIRST_BACKOFF).await;
                }
                result => return result,
            }
        }
    }
}

/// Exponential with full jitter, so that requests that conflicted once do not retry in step.
pub fn backoff(attempt: u32) -> Duration {
    let ceiling = FIRST_BACKOFF.saturating_mul(1 << attempt.min(10)).min(LONGEST_BACKOFF);
    Duration::from_micros(rand::random_range(0..=u64::try_from(ceiling.as_micros()).unwrap_or(u64::MAX)))
}
