//! A mailed token resets a password: the token is consumed, the user changes and all sessions end in one transaction.

use super::verify_email::MailedTokenError;
use shop_domain::{
    Timestamp,
    user::{PasswordHash, TokenPurpose},
};
use shop_store::{Store, transaction};

/// Replaces the password of the token's user, and verifies the address, since the mail has arrived. Takes the hash of the
/// token.
pub async fn reset_password(
    store: &Store,
    token_hash: &str,
    new: &PasswordHash,
    now: Timestamp,
) -> Result<(), MailedTokenError> {
    transaction!(store, |tx| {
        let owner = store.mailed_tokens.consume_in(tx, token_hash, TokenPurpose::ResetPassword, now).await?;
        let owner = owner.ok_or(MailedTokenError::Invalid)?;
        let user = store.users.find_in(tx, owner).await?.filter(|user| user.is_active);
        let mut user = user.ok_or(MailedTokenError::Invalid)?;
        user.set_password(new.clone(), now);
        user.verify_email(now);
        store.users.save_in(tx, &mut user).await?;
        Ok(store.sessions.revoke_all_in(tx, user.id).await?)
    })
}
