//! `POST /v1/auth/logout-all`

use axum::{extract::State, http::StatusCode};
use shared::{
    http::{CurrentUser, Problem},
    transaction,
};

use crate::{problems::AuthError, state::AuthApp};

/// Log out of all sessions
///
/// Access tokens stay valid until they expire, at most 15 minutes.
#[utoipa::path(post, path = "/v1/auth/logout-all", tag = "auth", security(("bearer" = [])), responses((status = 204)))]
pub(crate) async fn logout_all(user: CurrentUser, State(auth): State<AuthApp>) -> Result<StatusCode, Problem> {
    let store = &auth.app.store;
    transaction!(store, |tx| { Ok::<_, AuthError>(store.sessions.revoke_all_in(tx, user.id).await?) })?;
    Ok(StatusCode::NO_CONTENT)
}
