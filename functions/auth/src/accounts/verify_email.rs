//! `POST /v1/auth/verify-email`

use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use shared::{
    app::verify_email,
    domain::secret_hash::sha256_hex,
    http::{Problem, Valid},
    validation::{Validate, Violations, rules::length},
};

use crate::{problems::AuthError, state::AuthApp};

/// The mailed token.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerifyEmail {
    token: String,
}

impl Validate for VerifyEmail {
    fn validate(&self, v: &mut Violations) {
        v.check("token", &self.token, length(1..=128));
    }
}

/// Verify an e-mail address
///
/// The token works once, within 24 hours. Access tokens carry the verification from the next refresh on.
#[utoipa::path(post, path = "/v1/auth/verify-email", tag = "auth",
    request_body = VerifyEmail, responses((status = 204)))]
pub(crate) async fn verify_email(
    State(auth): State<AuthApp>,
    Valid(wanted): Valid<VerifyEmail>,
) -> Result<StatusCode, Problem> {
    let token_hash = sha256_hex(&wanted.token);
    let verified = verify_email::verify_email(&auth.app.store, &token_hash, auth.app.clock.now()).await;
    verified.map_err(AuthError::from)?;
    Ok(StatusCode::NO_CONTENT)
}
