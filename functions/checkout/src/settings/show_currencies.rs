//! `GET /v1/settings/currencies`

use axum::{Json, extract::State};
use shared::http::{Admin, App, Problem};

use super::view::CurrenciesView;

/// Retrieve the currencies
///
/// The default is US dollars alone.
#[utoipa::path(get, path = "/v1/settings/currencies", tag = "settings", security(("bearer" = [])),
    responses((status = 200, body = CurrenciesView)))]
pub(crate) async fn show_currencies(_: Admin, State(app): State<App>) -> Result<Json<CurrenciesView>, Problem> {
    Ok(Json(app.store.settings.currencies().await?.into()))
}
