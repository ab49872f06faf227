//! `DELETE /v1/auth/me/addresses/{id}`

use axum::{extract::State, http::StatusCode};
use shared::{
    domain::address::SavedAddress,
    http::{App, CurrentUser, PathId, Problem},
    transaction,
};

use crate::problems::AuthError;

/// Delete an address
///
/// Orders keep their copy of the address.
#[utoipa::path(delete, path = "/v1/auth/me/addresses/{id}", tag = "auth", security(("bearer" = [])),
    params(("id" = String, Path)), responses((status = 204)))]
pub(crate) async fn delete_address(
    user: CurrentUser,
    PathId(id): PathId<SavedAddress>,
    State(app): State<App>,
) -> Result<StatusCode, Problem> {
    let store = &app.store;
    let now = app.clock.now();
    transaction!(store, |tx| {
        let mut saved = store.addresses.find_of_in(tx, user.id, id).await?.ok_or(AuthError::UnknownAddress)?;
        saved.delete(now);
        Ok::<_, AuthError>(store.addresses.save_in(tx, &mut saved).await?)
    })?;
    Ok(StatusCode::NO_CONTENT)
}
