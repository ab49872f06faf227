//! A user changes the password: all sessions end and mailed reset tokens become invalid in the same transaction.

use super::start_session::CredentialsError;
use shop_domain::{
    Id, Timestamp,
    user::{PasswordHash, TokenPurpose, User},
};
use shop_store::{Store, transaction};

/// Replaces the password of a user whose current one was verified against the hash `verified`.
pub async fn change_password(
    store: &Store,
    user: Id<User>,
    verified: &PasswordHash,
    new: &PasswordHash,
    now: Timestamp,
) -> Result<(), CredentialsError> {
    transaction!(store, |tx| {
        let user = store.users.find_in(tx, user).await?;
        // A concurrent change of the password invalidates the proof.
        let user = user.filter(|user| user.is_active && user.password.expose() == verified.expose());
        let mut user = user.ok_or(CredentialsError::Outdated)?;
        user.set_password(new.clone(), now);
        store.users.save_in(tx, &mut user).await?;
        store.mailed_tokens.forget_in(tx, user.id, TokenPurpose::ResetPassword).await?;
        Ok(store.sessions.revoke_all_in(tx, user.id).await?)
    })
}
