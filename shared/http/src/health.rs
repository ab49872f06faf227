//! `GET /v1/health`: whether this function can reach its database.

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{app::App, problem::Problem};

/// The health of the shop.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct HealthView {
    /// `ok`.
    status: &'static str,
    /// The version of the build.
    version: &'static str,
    /// `ok`: the database answered a ping.
    database: &'static str,
}

/// The route that [`super::serve::finish`] adds to every function.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_health))
}

/// Retrieve the health of the shop
///
/// Pings the database: 503 `unavailable` with `Retry-After` when it does not answer.
#[utoipa::path(get, path = "/v1/health", tag = "system", responses((status = 200, body = HealthView)))]
pub async fn get_health(State(app): State<App>) -> Result<Json<HealthView>, Problem> {
    app.store.ping().await.map_err(Problem::unavailable)?;
    Ok(Json(HealthView { status: "ok", version: version(), database: "ok" }))
}

/// The version of the release, or `BUILD_VERSION` if the build sets it.
const fn version() -> &'static str {
    match option_env!("BUILD_VERSION") {
        Some(version) => version,
        None => env!("CARGO_PKG_VERSION"),
    }
}
