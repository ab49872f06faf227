//! What can go wrong between us and the database.

use mongodb::error::{Error, ErrorKind, TRANSIENT_TRANSACTION_ERROR, UNKNOWN_TRANSACTION_COMMIT_RESULT, WriteFailure};

/// Why the store could not answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no database to talk to now, or no majority of it that would keep what was written. It may have happened. Try
    /// again later.
    #[error("the database is not available")]
    Unavailable(#[source] Error),
    /// The document was changed since it was read. Read it again and decide again.
    #[error("the document was changed since it was read")]
    VersionMismatch,
    /// The server aborted the transaction: another one writes the same document, or wrote it after the snapshot. Try again now.
    #[error("the transaction conflicts with another")]
    WriteConflict(#[source] Error),
    /// Others kept changing the same documents for as long as a request may wait. Try again in a moment.
    #[error("too many write the same documents at once")]
    Contended,
    /// A unique index refused the write.
    #[error("the unique index {index} already holds this value")]
    Duplicate {
        /// The index, such as `email_1`.
        index: String,
        /// What the driver said.
        #[source]
        source: Error,
    },
    /// A stored document does not have the shape that this code knows.
    #[error("a stored document has an unknown shape")]
    Corrupt(#[source] Error),
    /// A document that another one refers to is not there: the data is broken.
    #[error("{0} is missing")]
    Missing(String),
    /// Another request with the same `Idempotency-Key` has had its effect, or is about to: this one must have none.
    #[error("another request with the same key is carried out")]
    DuplicateRequest,
    /// Anything else: a bug of ours, or the collection's validator refused the write.
    #[error("the database refused the operation")]
    Unexpected(#[source] Error),
}

const DUPLICATE_KEY: i32 = 11000;

const MAX_TIME_EXPIRED: i32 = 50;

const WRITE_CONFLICT: i32 = 112;

/// Codes with which a server says that it cannot serve now: shutting down, stepping down, overloaded, not primary.
const UNAVAILABLE: &[i32] = &[6, 7, 89, 91, 189, 262, 462, 512, 9001, 10107, 11600, 11602, 13435, 13436];

impl StoreError {
    /// Whether a unique index whose name starts so refused the write.
    pub fn is_duplicate_of(&self, index_name: &str) -> bool {
        matches!(self, Self::Duplicate { index, .. } if index.starts_with(index_name))
    }

    /// The error of a commit. Only the server's word that it aborted the transaction is certain: everything else may have
    /// committed.
    pub(super) fn of_commit(error: Error) -> Self {
        let is_aborted = error.contains_label(TRANSIENT_TRANSACTION_ERROR);
        if is_aborted { Self::from(error) } else { Self::Unavailable(error) }
    }

    /// Whether the write may have happened all the same.
    pub fn may_have_happened(&self) -> bool {
        matches!(self, Self::Unavailable(_)) || self.has_unknown_commit_result()
    }

    /// Whether another write came first.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::VersionMismatch | Self::WriteConflict(_))
    }

    /// Whether another transaction writes the same document, or has written it since this one's snapshot.
    pub(super) fn is_write_conflict(&self) -> bool {
        let kind = self.driver_error().map(|error| &*error.kind);
        matches!(kind, Some(ErrorKind::Command(command)) if command.code == WRITE_CONFLICT)
    }

    pub(super) fn has_unknown_commit_result(&self) -> bool {
        self.driver_error().is_some_and(|error| error.contains_label(UNKNOWN_TRANSACTION_COMMIT_RESULT))
    }

    /// Whether running the whole transaction again may succeed.
    pub(super) fn is_transient(&self) -> bool {
        self.is_conflict() || self.driver_error().is_some_and(|error| error.contains_label(TRANSIENT_TRANSACTION_ERROR))
    }

    fn driver_error(&self) -> Option<&Error> {
        match self {
            Self::Unavailable(error) | Self::Corrupt(error) | Self::Unexpected(error) | Self::WriteConflict(error) => {
                Some(error)
            }
            Self::Duplicate { source, .. } => Some(source),
            Self::VersionMismatch | Self::Missing(_) | Self::DuplicateRequest | Self::Contended => None,
        }
    }
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        if let Some(index) = duplicate_index(&error) {
            return Self::Duplicate { index, source: error };
        }
        match &*error.kind {
            ErrorKind::ServerSelection { .. }
            | ErrorKind::Io(_)
            | ErrorKind::ConnectionPoolCleared { .. }
            | ErrorKind::DnsResolve { .. }
            | ErrorKind::Authentication { .. }
            | ErrorKind::Shutdown => Self::Unavailable(error),
            ErrorKind::BsonDeserialization(_) | ErrorKind::InvalidResponse { .. } => Self::Corrupt(error),
            ErrorKind::Command(command) if UNAVAILABLE.contains(&command.code) => Self::Unavailable(error),
            // Written, but its primary stepped down before a majority had it, or no majority is there to have it.
            ErrorKind::Write(WriteFailure::WriteConcernError(_)) => Self::Unavailable(error),
            // An update that waited for others, or a read that waited for a majority.
            ErrorKind::Command(command)
                if command.code == MAX_TIME_EXPIRED && !error.contains_label(UNKNOWN_TRANSACTION_COMMIT_RESULT) =>
            {
                Self::Contended
            }
            _ if error.contains_label(TRANSIENT_TRANSACTION_ERROR) => Self::WriteConflict(error),
            _ => Self::Unexpected(error),
        }
    }
}

impl From<bson::error::Error> for StoreError {
    fn from(error: bson::error::Error) -> Self {
        Self::Corrupt(Error::from(error))
    }
}

/// The index that refused a write, if one did.
fn duplicate_index(error: &Error) -> Option<String> {
    let (code, message) = match &*error.kind {
        ErrorKind::Write(WriteFailure::WriteError(write)) => (write.code, &write.message),
        ErrorKind::Command(command) => (command.code, &command.message),
        ErrorKind::InsertMany(many) => {
            let write = many.write_errors.as_ref()?.first()?;
            (write.code, &write.message)
        }
        _ => return None,
    };
    // "E11000 duplicate key error collection: shop.users index: email_1 dup key: { … }"
    let index = message.split("index: ").nth(1)?.split_whitespace().next()?;
    (code == DUPLICATE_KEY).then(|| index.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_certain_to_have_failed_only_if_the_server_says_so() {
        assert!(StoreError::of_commit(Error::custom("an answer of unknown shape")).may_have_happened());
        assert!(!StoreError::from(Error::custom("an answer of unknown shape")).may_have_happened());
    }
}
