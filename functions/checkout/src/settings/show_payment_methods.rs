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
    let settings = &app.store.settings;
    let (accepted, account) = tokio::try_join!(settings.payment_methods(), settings.bank_account())?;
    let mut methods = accepted.methods.clone();
    methods.retain(|method| accepted.accepts(*method, account.as_ref()));
    Ok(Json(PaymentMethodsView { methods }))
}
