//! `PUT /v1/auth/me/addresses/{id}`

use axum::{Json, extract::State};
use shared::{
    domain::address::SavedAddress,
    http::{App, CurrentUser, PathId, Problem, Valid},
    transaction,
};

use super::create::SaveAddress;
use crate::{problems::AuthError, view::AddressView};

/// Replace an address
///
/// Orders keep their copy of the address.
#[utoipa::path(put, path = "/v1/auth/me/addresses/{id}", tag = "auth", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = SaveAddress, responses((status = 200, body = AddressView)))]
pub(crate) async fn update_address(
    user: CurrentUser,
    PathId(id): PathId<SavedAddress>,
    State(app): State<App>,
    Valid(form): Valid<SaveAddress>,
) -> Result<Json<AddressView>, Problem> {
    let store = &app.store;
    let now = app.clock.now();
    let (kind, is_default) = (form.kind, form.is_default);
    let address = form.address();
    let saved = transaction!(store, |tx| {
        let mut saved = store.addresses.find_of_in(tx, user.id, id).await?.ok_or(AuthError::UnknownAddress)?;
        if !store.users.lock_in(tx, user.id).await? {
            return Err(AuthError::AccountClosed);
        }
        saved.kind = kind;
        saved.address = address.clone();
        saved.is_default = is_default;
        saved.updated_at = now;
        if is_default {
            store.addresses.yield_default_to_in(tx, &saved, now).await?;
        }
        store.addresses.save_in(tx, &mut saved).await?;
        Ok(saved)
    })?;
    Ok(Json(saved.into_inner().into()))
}
