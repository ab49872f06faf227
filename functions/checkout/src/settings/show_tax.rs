//! `GET /v1/settings/tax`

use axum::{Json, extract::State};
use shared::http::{Admin, App, Problem};

use super::view::TaxView;

/// Retrieve the tax settings
///
/// Without rows no tax is charged.
#[utoipa::path(get, path = "/v1/settings/tax", tag = "settings", security(("bearer" = [])),
    responses((status = 200, body = TaxView)))]
pub(crate) async fn show_tax_settings(_: Admin, State(app): State<App>) -> Result<Json<TaxView>, Problem> {
    Ok(Json(app.store.settings.tax().await?.into()))
}
