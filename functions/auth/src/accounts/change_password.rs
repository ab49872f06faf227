//! `POST /v1/auth/password/change`

use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use shared::{
    app::change_password,
    domain::password::{Password, PasswordAttempt},
    http::{ClientAddress, CurrentUser, Problem, Valid},
    validation::Validate,
};

use super::show::load_me;
use crate::{credentials::prove, problems::AuthError, state::AuthApp};

/// The current and the new password.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ChangePassword {
    current_password: PasswordAttempt,
    /// 8 to 128 characters; common passwords are refused.
    new_password: Password,
}

impl Validate for ChangePassword {}

/// Change the password
///
/// Ends all sessions, including this one: log in again. A wrong current password is 401 `invalid_credentials` and counts as
/// a failed login.
#[utoipa::path(post, path = "/v1/auth/password/change", tag = "auth", security(("bearer" = [])),
    request_body = ChangePassword, responses((status = 204)))]
pub(crate) async fn change_password(
    user: CurrentUser,
    address: ClientAddress,
    State(auth): State<AuthApp>,
    Valid(wanted): Valid<ChangePassword>,
) -> Result<StatusCode, Problem> {
    let store = &auth.app.store;
    let me = load_me(&auth.app, &user).await?;
    let (proven, _) = prove(&auth, &me.email, &wanted.current_password, address).await?;
    let password = auth.passwords.hash(&wanted.new_password).await.map_err(AuthError::from)?;
    let now = auth.app.clock.now();
    let changed = change_password::change_password(store, user.id, &proven.password, &password, now).await;
    changed.map_err(AuthError::from)?;
    Ok(StatusCode::NO_CONTENT)
}
