//! `GET /v1/auth/users/{id}`

use axum::{Json, extract::State};
use shared::{
    domain::user::User,
    http::{Admin, App, PathId, Problem},
};

use crate::{problems::AuthError, view::AccountView};

/// Retrieve a user
#[utoipa::path(get, path = "/v1/auth/users/{id}", tag = "auth", security(("bearer" = [])),
    params(("id" = String, Path)), responses((status = 200, body = AccountView)))]
pub(crate) async fn show_user(
    _admin: Admin,
    PathId(id): PathId<User>,
    State(app): State<App>,
) -> Result<Json<AccountView>, Problem> {
    let user = app.store.users.find(id).await?.ok_or(AuthError::UnknownUser)?;
    Ok(Json(user.into_inner().into()))
}
