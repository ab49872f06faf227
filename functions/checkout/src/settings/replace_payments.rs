//! `PUT /v1/settings/payments`

use axum::{Json, extract::State};
use shared::{
    domain::payment::PaymentSettings,
    http::{Admin, App, Problem, Valid},
};

use super::{input::PaymentSettingsInput, view::PaymentSettingsView};

/// Replace the payment settings
///
/// Applies to every order from now on; existing orders keep theirs. With `on_shipping` the amount is authorised when the order
/// is placed and captured parcel by parcel. Bank transfers are not affected.
#[utoipa::path(put, path = "/v1/settings/payments", tag = "settings", security(("bearer" = [])),
    request_body = PaymentSettingsInput, responses((status = 200, body = PaymentSettingsView)))]
pub(crate) async fn replace_payment_settings(
    _: Admin,
    State(app): State<App>,
    Valid(wanted): Valid<PaymentSettingsInput>,
) -> Result<Json<PaymentSettingsView>, Problem> {
    let settings = PaymentSettings::from(wanted);
    app.store.settings.set_payments(&settings, app.clock.now()).await?;
    Ok(Json(settings.into()))
}
