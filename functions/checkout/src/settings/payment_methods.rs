//! `GET, PUT /v1/settings/payment-methods`

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use shared::{
    domain::payment::{PaymentMethod, PaymentMethods},
    http::{Admin, App, FieldCode, Problem, ProblemCode, Valid},
    validation::{Validate, Violations, rules::entries},
};

/// The payment methods that the shop accepts.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PaymentMethodsInput)]
pub(crate) struct PaymentMethodsInput {
    /// Each once. `bank_transfer` needs a bank account.
    methods: Vec<PaymentMethod>,
}

impl Validate for PaymentMethodsInput {
    fn validate(&self, v: &mut Violations) {
        v.check("methods", &self.methods, entries(1..=10));
    }
}

/// The payment methods that the shop accepts.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = PaymentMethods)]
pub(crate) struct PaymentMethodsView {
    methods: Vec<PaymentMethod>,
}

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
