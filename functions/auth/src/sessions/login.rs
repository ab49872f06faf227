//! `POST /v1/auth/login`

use axum::{Json, extract::State};
use serde::Deserialize;
use shared::{
    app::{merge_cart::merge_cart, start_session},
    domain::{Email, password::PasswordAttempt, session::Session, user::User},
    http::{CartToken, ClientAddress, Problem, Valid},
    password::Match,
    validation::Validate,
};

use super::tokens::TokensView;
use crate::{credentials::prove, problems::AuthError, state::AuthApp};

/// The credentials of an account.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogIn {
    email: Email,
    password: PasswordAttempt,
}

impl Validate for LogIn {}

/// Log in
///
/// Starts a session. With `X-Cart-Token`, the guest cart is merged into the customer's; an unknown token is ignored, and a
/// cart that cannot be merged stays as it is (`POST /v1/cart/merge` says why). After five wrong passwords further attempts
/// are delayed: 429 `too_many_attempts` with `Retry-After`.
#[utoipa::path(post, path = "/v1/auth/login", tag = "auth",
    params(("X-Cart-Token" = Option<String>, Header, description = "The token of a guest cart to merge")),
    request_body = LogIn, responses((status = 200, body = TokensView)))]
pub(crate) async fn login(
    address: ClientAddress,
    cart: Result<CartToken, Problem>,
    State(auth): State<AuthApp>,
    Valid(claimed): Valid<LogIn>,
) -> Result<Json<TokensView>, Problem> {
    let (mut user, mut outcome) = prove(&auth, &claimed.email, &claimed.password, address).await?;
    if let Ok(CartToken(Some(token))) = cart {
        merge_cart(&auth.app.store, user.id, &token, auth.app.clock.now()).await?;
    }
    let mut tokens = start_session(&auth, user.clone()).await;
    if matches!(tokens, Err(AuthError::InvalidCredentials)) {
        // The hash may differ for the same password: a concurrent login rehashes an outdated one.
        (user, outcome) = prove(&auth, &claimed.email, &claimed.password, address).await?;
        tokens = start_session(&auth, user.clone()).await;
    }
    let tokens = tokens?;
    if outcome == Match::YesButOutdated {
        let new = auth.passwords.hash_again(&claimed.password).await.map_err(AuthError::from)?;
        auth.app.store.users.rehash(user.id, &user.password, &new).await?;
    }
    Ok(Json(tokens))
}

/// Starts a session unless the password was changed or the account deactivated since it was verified: such a change ends
/// all sessions, including one that starts concurrently.
async fn start_session(auth: &AuthApp, mut user: User) -> Result<TokensView, AuthError> {
    let now = auth.app.clock.now();
    let refresh_token = auth.app.random.secret();
    let session = Session::start(user.id, &refresh_token, now);
    start_session::start_session(&auth.app.store, &session, &user.password, now).await?;
    user.last_login = Some(now);
    TokensView::issue(auth, user, &session, refresh_token, now)
}
