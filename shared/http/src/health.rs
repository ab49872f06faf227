//! `GET /v1/health`: whether this function can reach what it stands on.

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{app::App, problem::Problem};

/// What is running, and that it works.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HealthView {
    /// `ok`.
    status: &'static str,
    /// The build.
    version: &'static str,
    /// `ok`: it answered a ping just now.
    database: &'static str,
}

/// The route that [`super::serve::finish`] adds to every function.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_health))
}

/// Tells whether the shop can serve.
///
/// Pings the database: 503 `unavailable` with `Retry-After` when it does not answer.
#[utoipa::path(get, path = "/v1/health", tag = "system", responses((status = 200, body = HealthView)))]
pub async fn get_health(State(app): State<App>) -> Result<Json<HealthView>, Problem> {
    app.store.ping().await.map_err(Problem::unavailable)?;
    Ok(Json(HealthView { status: "ok", version: version(), database: "ok" }))
}

/// The version, and the commit where the build was told.
const fn version() -> &'static str {
    match option_env!("BUILD_VERSION") {
        Some(version) => version,
        None => env!("CARGO_PKG_VERSION"),
    }
}
