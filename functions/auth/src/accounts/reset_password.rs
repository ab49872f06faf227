//! `POST /v1/auth/password/reset`

use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use shared::{
    app::reset_password,
    domain::{password::Password, secret_hash::sha256_hex, user::TokenPurpose},
    http::{Problem, Valid},
    validation::{Validate, Violations, rules::length},
};

use crate::{problems::AuthError, state::AuthApp};

/// The mailed token and the new password.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResetPassword {
    token: String,
    /// 8 to 128 characters; common passwords are refused.
    password: Password,
}

impl Validate for ResetPassword {
    fn validate(&self, v: &mut Violations) {
        v.check("token", &self.token, length(1..=128));
    }
}

/// Reset the password
///
/// The mailed token works once, within 30 minutes. Ends all sessions and verifies the address, since the mail has arrived.
#[utoipa::path(post, path = "/v1/auth/password/reset", tag = "auth",
    request_body = ResetPassword, responses((status = 204)))]
pub(crate) async fn reset_password(
    State(auth): State<AuthApp>,
    Valid(wanted): Valid<ResetPassword>,
) -> Result<StatusCode, Problem> {
    let store = &auth.app.store;
    let now = auth.app.clock.now();
    let token_hash = sha256_hex(&wanted.token);
    // Unknown tokens are refused before the costly hash.
    if !store.mailed_tokens.is_good(&token_hash, TokenPurpose::ResetPassword, now).await? {
        return Err(AuthError::InvalidMailedToken.into());
    }
    let password = auth.passwords.hash(&wanted.password).await.map_err(AuthError::from)?;
    reset_password::reset_password(store, &token_hash, &password, now).await.map_err(AuthError::from)?;
    Ok(StatusCode::NO_CONTENT)
}
