//! `PUT /v1/settings/payment-methods`

use axum::{Json, extract::State};
use shared::{
    domain::payment::PaymentMethods,
    http::{Admin, App, FieldCode, Problem, ProblemCode, Valid},
};

use super::{input::PaymentMethodsInput, view::PaymentMethodsView};

/// Replace the accepted payment methods
///
/// Checkout, and the change of the method of an unpaid order, refuse others from now on: 422 `payment_method_unavailable`.
/// Payments that were started are not affected.
#[utoipa::path(put, path = "/v1/settings/payment-methods", tag = "settings", security(("bearer" = [])),
    request_body = PaymentMethodsInput, responses((status = 200, body = PaymentMethodsView)))]
pub(crate) async fn replace_payment_methods(
    _: Admin,
    State(app): State<App>,
    Valid(wanted): Valid<PaymentMethodsInput>,
) -> Result<Json<PaymentMethodsView>, Problem> {
    let refused = |at: usize, code, message: &str| {
        Problem::new(ProblemCode::ValidationFailed).field(format!("/methods/{at}"), code, message)
    };
    let accepted = PaymentMethods { methods: wanted.methods };
    let account = app.store.settings.bank_account().await?;
    for (at, method) in accepted.methods.iter().enumerate() {
        if accepted.methods[..at].contains(method) {
            return Err(refused(at, FieldCode::Repeated, "occurs twice"));
        }
        if !accepted.accepts(*method, account.as_ref()) {
            return Err(refused(at, FieldCode::Unavailable, "set the bank account first"));
        }
    }
    app.store.settings.set_payment_methods(&accepted, app.clock.now()).await?;
    Ok(Json(PaymentMethodsView { methods: accepted.methods }))
}
