//! The tokens of a session, as clients see them.

use serde::Serialize;
use shared::{
    domain::{Timestamp, session::Session, user::User},
    http::token::Claims,
};

use crate::{problems::AuthError, state::AuthApp, view::UserView};

/// How long an access token works.
const ACCESS_TOKEN_SECONDS: u32 = 15 * 60;

/// A session: an access token and the refresh token for the next pair.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TokensView {
    /// For `Authorization: Bearer …`. A JWT.
    access_token: String,
    /// Works once, within 30 days.
    refresh_token: String,
    /// `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds until the access token expires.
    #[schema(example = 900)]
    expires_in: u32,
    /// The user of the session.
    user: UserView,
}

impl TokensView {
    /// The tokens of this session.
    pub(crate) fn issue(
        auth: &AuthApp,
        user: User,
        session: &Session,
        refresh_token: String,
        now: Timestamp,
    ) -> Result<Self, AuthError> {
        let claims = Claims::new(user.id, user.role, session.family, user.is_email_verified, now, ACCESS_TOKEN_SECONDS);
        Ok(Self {
            access_token: auth.signing.issue(&claims)?,
            refresh_token,
            token_type: "Bearer",
            expires_in: ACCESS_TOKEN_SECONDS,
            user: user.into(),
        })
    }
}
