//! `GET /v1/auth/.well-known/jwks.json`

use axum::{Json, extract::State, http::header, response::IntoResponse};
use shared::http::{App, token::Jwks};

/// Show the public keys of access tokens (RFC 7517)
///
/// Two during a rotation: the `kid` in a token's header names the one that it was signed with.
#[utoipa::path(get, path = "/v1/auth/.well-known/jwks.json", tag = "auth", responses((status = 200, body = Jwks)))]
pub(crate) async fn show_jwks(State(app): State<App>) -> impl IntoResponse {
    ([(header::CACHE_CONTROL, "public, max-age=300")], Json(app.tokens.jwks().clone()))
}
