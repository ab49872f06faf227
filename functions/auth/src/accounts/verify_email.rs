//! `POST /v1/auth/verify-email`

use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use shared::{
    domain::{secret_hash::sha256_hex, user::TokenPurpose},
    http::{Problem, Valid},
    transaction,
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
    let store = &auth.app.store;
    let now = auth.app.clock.now();
    let token_hash = sha256_hex(&wanted.token);
    transaction!(store, |tx| {
        let owner = store.mailed_tokens.consume_in(tx, &token_hash, TokenPurpose::VerifyEmail, now).await?;
        let owner = owner.ok_or(AuthError::InvalidMailedToken)?;
        let mut user = store.users.find_in(tx, owner).await?.ok_or(AuthError::InvalidMailedToken)?;
        user.verify_email(now);
        Ok::<_, AuthError>(store.users.save_in(tx, &mut user).await?)
    })?;
    Ok(StatusCode::NO_CONTENT)
}
