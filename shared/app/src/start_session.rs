//! A login: the user's last login and the session commit together.

use shop_domain::{Timestamp, session::Session, user::PasswordHash};
use shop_store::{Store, StoreError, TransactionError, transaction};

/// Why verified credentials were not accepted.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// The password was changed or the account deactivated since the password was verified.
    #[error("the verified password is outdated")]
    Outdated,
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl TransactionError for CredentialsError {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Store(error) = self { Some(error) } else { None }
    }
}

/// Starts a session of a user whose password was verified against this hash. A concurrent change of the password or a
/// deactivation ends all sessions, including this one.
pub async fn start_session(
    store: &Store,
    session: &Session,
    verified: &PasswordHash,
    now: Timestamp,
) -> Result<(), CredentialsError> {
    transaction!(store, |tx| {
        if !store.users.record_login_in(tx, session.user, verified, now).await? {
            return Err(CredentialsError::Outdated);
        }
        Ok(store.sessions.insert_in(tx, session).await?)
    })
}
