//! `GET /v1/auth/me/addresses/{id}`

use axum::{Json, extract::State};
use shared::{
    domain::address::SavedAddress,
    http::{App, CurrentUser, PathId, Problem},
};

use crate::{problems::AuthError, view::AddressView};

/// Retrieve an address
#[utoipa::path(get, path = "/v1/auth/me/addresses/{id}", tag = "auth", security(("bearer" = [])),
    params(("id" = String, Path)), responses((status = 200, body = AddressView)))]
pub(crate) async fn show_address(
    user: CurrentUser,
    PathId(id): PathId<SavedAddress>,
    State(app): State<App>,
) -> Result<Json<AddressView>, Problem> {
    let address = app.store.addresses.find_of(user.id, id).await?.ok_or(AuthError::UnknownAddress)?;
    Ok(Json(address.into_inner().into()))
}
