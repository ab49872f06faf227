//! `POST /v1/auth/refresh`

use axum::{Json, extract::State};
use serde::Deserialize;
use shared::{
    domain::{
        secret_hash::sha256_hex,
        session::{Presented, Session},
        user::User,
    },
    http::{Problem, Valid},
    transaction,
    validation::{Validate, Violations, rules::length},
};

use super::tokens::TokensView;
use crate::{problems::AuthError, state::AuthApp};

/// The token to exchange.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Refresh {
    refresh_token: String,
}

impl Validate for Refresh {
    fn validate(&self, v: &mut Violations) {
        v.check("refreshToken", &self.refresh_token, length(1..=128));
    }
}

/// Refresh a session
///
/// Exchanges the refresh token for a new pair. Each works once. A used token that is presented more than 10 seconds later
/// revokes the session, because a copy of it is in use.
#[utoipa::path(post, path = "/v1/auth/refresh", tag = "auth",
    request_body = Refresh, responses((status = 200, body = TokensView)))]
pub(crate) async fn refresh(
    State(auth): State<AuthApp>,
    Valid(wanted): Valid<Refresh>,
) -> Result<Json<TokensView>, Problem> {
    let next = auth.app.random.secret();
    let (user, session) = exchange(&auth, &sha256_hex(&wanted.refresh_token), &next).await?;
    Ok(Json(TokensView::issue(&auth, user, &session, next, session.created_at)?))
}

async fn exchange(auth: &AuthApp, token_hash: &str, next: &str) -> Result<(User, Session), AuthError> {
    let store = &auth.app.store;
    let now = auth.app.clock.now();
    let exchanged = transaction!(store, |tx| {
        let Some(session) = store.sessions.find_in(tx, token_hash).await? else { return Ok(None) };
        match session.presented(now) {
            Presented::Current => {}
            Presented::JustUsed | Presented::Expired => return Ok(None),
            Presented::Replayed => {
                tracing::warn!(user = %session.user, "a used refresh token was presented again: its session is revoked");
                // Not an error: the transaction must commit the revocation.
                store.sessions.revoke_family_in(tx, session.family).await?;
                return Ok(None);
            }
        }
        let user = store.users.find_in(tx, session.user).await?;
        let Some(user) = user.filter(|user| user.is_active) else { return Ok(None) };
        let successor = session.successor(next, now);
        store.sessions.exchange_in(tx, session.id, &successor, now).await?;
        Ok::<_, AuthError>(Some((user.into_inner(), successor)))
    })?;
    exchanged.ok_or(AuthError::InvalidRefreshToken)
}
