//! `GET /v1/auth/.well-known/jwks.json`

use axum::{Json, extract::State, http::header, response::IntoResponse};
use shared::http::{App, token::Jwks};

/// Retrieve the public keys of access tokens (RFC 7517)
///
/// During a rotation there are two: the `kid` in a token's header names its signing key.
#[utoipa::path(get, path = "/v1/auth/.well-known/jwks.json", tag = "auth", responses((status = 200, body = Jwks)))]
pub(crate) async fn show_jwks(State(app): State<App>) -> impl IntoResponse {
    ([(header::CACHE_CONTROL, "public, max-age=300")], Json(app.tokens.jwks().clone()))
}
