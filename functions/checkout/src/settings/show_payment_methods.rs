//! `GET /v1/settings/payment-methods`

use axum::{Json, extract::State};
use shared::http::{Admin, App, Problem};

use super::view::PaymentMethodsView;

/// Retrieve the accepted payment methods
///
/// The default is all that work; `bank_transfer` does once there is a bank account.
#[utoipa::path(get, path = "/v1/settings/payment-methods", tag = "settings", security(("bearer" = [])),
    responses((status = 200, body = PaymentMethodsView)))]
pub(crate) async fn show_payment_methods(
    _: Admin,
    State(app): State<App>,
) -> Result<Json<PaymentMethodsView>, Problem> {
    let options = app.store.settings.payment_options().await?;
    let mut methods = options.methods.methods.clone();
    methods.retain(|method| options.accept(*method));
    Ok(Json(PaymentMethodsView { methods }))
}
