//! `GET /v1/settings/payments`

use axum::{Json, extract::State};
use shared::http::{Admin, App, Problem};

use super::view::PaymentSettingsView;

/// Retrieve the payment settings
///
/// The default is to capture immediately.
#[utoipa::path(get, path = "/v1/settings/payments", tag = "settings", security(("bearer" = [])),
    responses((status = 200, body = PaymentSettingsView)))]
pub(crate) async fn show_payment_settings(
    _: Admin,
    State(app): State<App>,
) -> Result<Json<PaymentSettingsView>, Problem> {
    Ok(Json(app.store.settings.payments().await?.into()))
}
