//! `GET /v1/auth/me`

use axum::{Json, extract::State};
use shared::{
    domain::user::User,
    http::{App, CurrentUser, Problem},
    store::Versioned,
};

use crate::{problems::AuthError, view::UserView};

/// Retrieve the own profile
#[utoipa::path(get, path = "/v1/auth/me", tag = "auth", security(("bearer" = [])),
    responses((status = 200, body = UserView)))]
pub(crate) async fn show_me(user: CurrentUser, State(app): State<App>) -> Result<Json<UserView>, Problem> {
    Ok(Json(load_me(&app, &user).await?.into_inner().into()))
}

/// The active account of the access token, read from the store: the token outlives a deactivation by up to 15 minutes.
pub(crate) async fn load_me(app: &App, user: &CurrentUser) -> Result<Versioned<User>, AuthError> {
    let me = app.store.users.find(user.id).await?;
    me.filter(|me| me.is_active).ok_or(AuthError::AccountClosed)
}
