//! `GET /v1/settings/tax`

use axum::{Json, extract::State};
use shared::{
    domain::tax::TaxTable,
    http::{Admin, App, Problem},
};

/// Retrieve the tax settings
///
/// Without rows no tax is charged.
#[utoipa::path(get, path = "/v1/settings/tax", tag = "settings", security(("bearer" = [])),
    responses((status = 200, body = TaxTable)))]
pub(crate) async fn show_tax_settings(_: Admin, State(app): State<App>) -> Result<Json<TaxTable>, Problem> {
    Ok(Json(app.store.settings.tax().await?))
}
