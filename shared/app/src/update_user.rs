//! An administrator updates a user: deactivating ends all sessions of the user in the same transaction.

use shop_domain::{
    Id, Timestamp,
    user::{Role, User},
};
use shop_store::{Store, StoreError, TransactionError, Versioned, transaction};

/// Why a user was not updated.
#[derive(Debug, thiserror::Error)]
pub enum UpdateUserError {
    /// There is no such user.
    #[error("there is no such user")]
    NotFound,
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl TransactionError for UpdateUserError {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Store(error) = self { Some(error) } else { None }
    }
}

/// Sets the role and whether the user may log in; `None` leaves either unchanged.
pub async fn update_user(
    store: &Store,
    id: Id<User>,
    role: Option<Role>,
    is_active: Option<bool>,
    now: Timestamp,
) -> Result<Versioned<User>, UpdateUserError> {
    transaction!(store, |tx| {
        let mut user = store.users.find_in(tx, id).await?.ok_or(UpdateUserError::NotFound)?;
        user.role = role.unwrap_or(user.role);
        user.is_active = is_active.unwrap_or(user.is_active);
        user.updated_at = now;
        store.users.save_in(tx, &mut user).await?;
        if !user.is_active {
            store.sessions.revoke_all_in(tx, user.id).await?;
        }
        Ok(user)
    })
}
