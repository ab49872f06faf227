//! `POST /v1/auth/logout`

use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use shared::{
    domain::secret_hash::sha256_hex,
    http::{CurrentUser, OptionalBody, Problem},
    transaction,
    validation::{Validate, Violations, rules::length},
};

use crate::{problems::AuthError, state::AuthApp};

/// An additional session to end.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct LogOut {
    /// A refresh token of the session to end.
    refresh_token: Option<String>,
}

impl Validate for LogOut {
    fn validate(&self, v: &mut Violations) {
        v.check("refreshToken", &self.refresh_token, length(1..=128));
    }
}

/// Log out
///
/// Ends the session of the access token, and that of the refresh token if it belongs to the same user.
#[utoipa::path(post, path = "/v1/auth/logout", tag = "auth", security(("bearer" = [])),
    request_body = Option<LogOut>, responses((status = 204)))]
pub(crate) async fn logout(
    user: CurrentUser,
    State(auth): State<AuthApp>,
    OptionalBody(wanted): OptionalBody<LogOut>,
) -> Result<StatusCode, Problem> {
    let store = &auth.app.store;
    let token_hash = wanted.refresh_token.as_deref().map(sha256_hex);
    transaction!(store, |tx| {
        store.sessions.revoke_family_in(tx, user.session).await?;
        if let Some(token_hash) = &token_hash
            && let Some(session) = store.sessions.find_in(tx, token_hash).await?
            && session.user == user.id
        {
            store.sessions.revoke_family_in(tx, session.family).await?;
        }
        Ok::<_, AuthError>(())
    })?;
    Ok(StatusCode::NO_CONTENT)
}
