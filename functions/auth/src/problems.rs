//! Errors of accounts, and their problems.

use std::time::Duration;

use shared::{
    app::{start_session::CredentialsError, update_user::UpdateUserError, verify_email::MailedTokenError},
    http::{Problem, ProblemCode, token::TokenError},
    password::PasswordError,
    store::{StoreError, TransactionError, users},
};

/// An error of accounts.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuthError {
    /// Unknown address, wrong password or inactive account; which of them is not revealed.
    #[error("the e-mail or the password is wrong")]
    InvalidCredentials,
    /// Too many wrong passwords.
    #[error("too many wrong passwords")]
    TooManyAttempts(Duration),
    /// Too many mails.
    #[error("too many mails were requested")]
    TooManyMails(Duration),
    /// Unknown, expired, used or revoked.
    #[error("the refresh token is not accepted")]
    InvalidRefreshToken,
    /// Unknown, expired, used, or made for another purpose.
    #[error("the mailed token is not accepted")]
    InvalidMailedToken,
    /// The account is gone or was deactivated after the access token was issued.
    #[error("the account of the access token is not active")]
    AccountClosed,
    /// Another account has the username.
    #[error("the username is taken")]
    UsernameTaken,
    /// Administrators cannot change their own role or activity, so that one always remains.
    #[error("an administrator cannot change the own role or activity")]
    OwnAccount,
    /// No such user.
    #[error("there is no such user")]
    UnknownUser,
    /// No such address of this user.
    #[error("there is no such address")]
    UnknownAddress,
    /// The address book is full.
    #[error("the address book is full")]
    TooManyAddresses,
    /// The password could not be hashed or compared.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The access token could not be signed.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The store did not answer.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for AuthError {
    fn from(error: StoreError) -> Self {
        if error.is_duplicate_of(users::USERNAME_INDEX) { Self::UsernameTaken } else { Self::Store(error) }
    }
}

impl From<CredentialsError> for AuthError {
    fn from(error: CredentialsError) -> Self {
        match error {
            CredentialsError::Outdated => Self::InvalidCredentials,
            CredentialsError::Store(error) => error.into(),
        }
    }
}

impl From<MailedTokenError> for AuthError {
    fn from(error: MailedTokenError) -> Self {
        match error {
            MailedTokenError::Invalid => Self::InvalidMailedToken,
            MailedTokenError::Store(error) => error.into(),
        }
    }
}

impl From<UpdateUserError> for AuthError {
    fn from(error: UpdateUserError) -> Self {
        match error {
            UpdateUserError::NotFound => Self::UnknownUser,
            UpdateUserError::Store(error) => error.into(),
        }
    }
}

impl TransactionError for AuthError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

impl From<AuthError> for Problem {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::InvalidCredentials => Self::new(ProblemCode::InvalidCredentials),
            AuthError::TooManyAttempts(wait) => Self::new(ProblemCode::TooManyAttempts).retry_after(seconds(wait)),
            AuthError::TooManyMails(wait) => Self::new(ProblemCode::TooManyRequests).retry_after(seconds(wait)),
            AuthError::InvalidRefreshToken => Self::new(ProblemCode::InvalidRefreshToken),
            AuthError::InvalidMailedToken => Self::new(ProblemCode::InvalidMailedToken),
            AuthError::AccountClosed => Self::new(ProblemCode::InvalidToken).source(error),
            AuthError::UsernameTaken => Self::new(ProblemCode::UsernameTaken),
            AuthError::OwnAccount => Self::new(ProblemCode::Conflict)
                .detail("You cannot change your own role or activity. Ask another administrator."),
            AuthError::UnknownUser => Self::not_found("user"),
            AuthError::UnknownAddress => Self::not_found("address"),
            AuthError::TooManyAddresses => {
                Self::new(ProblemCode::Conflict).detail("The address book is full. Delete an address first.")
            }
            AuthError::Password(PasswordError::Busy) => Self::unavailable(error),
            AuthError::Password(PasswordError::Hash(_) | PasswordError::Interrupted(_)) | AuthError::Token(_) => {
                Self::internal(error)
            }
            AuthError::Store(error) => error.into(),
        }
    }
}

/// Whole seconds, rounded up, so that a retry at that second is not too early.
fn seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}
