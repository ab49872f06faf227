//! A mailed token verifies an address: the token is consumed and the user changes in one transaction.

use shop_domain::{Timestamp, user::TokenPurpose};
use shop_store::{Store, StoreError, TransactionError, transaction};

/// Why a mailed token had no effect.
#[derive(Debug, thiserror::Error)]
pub enum MailedTokenError {
    /// It is unknown, expired, used or made for another purpose, or its account is gone.
    #[error("the mailed token is not valid")]
    Invalid,
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl TransactionError for MailedTokenError {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Store(error) = self { Some(error) } else { None }
    }
}

/// Verifies the address of the token's user. Takes the hash of the token.
pub async fn verify_email(store: &Store, token_hash: &str, now: Timestamp) -> Result<(), MailedTokenError> {
    transaction!(store, |tx| {
        let owner = store.mailed_tokens.consume_in(tx, token_hash, TokenPurpose::VerifyEmail, now).await?;
        let owner = owner.ok_or(MailedTokenError::Invalid)?;
        let mut user = store.users.find_in(tx, owner).await?.ok_or(MailedTokenError::Invalid)?;
        user.verify_email(now);
        Ok(store.users.save_in(tx, &mut user).await?)
    })
}
