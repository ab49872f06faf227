//! `PUT /v1/settings/bank-account`

use axum::{Json, extract::State};
use shared::{
    domain::bank_account::BankAccount,
    http::{Admin, App, FieldCode, Problem, ProblemCode, Valid},
};

use super::{input::BankAccountInput, view::BankAccountView};

/// Replace the bank account
///
/// Send either `iban` or `accountNumber`. From now on it is in the instructions of every transfer that is owed, also of
/// earlier orders.
#[utoipa::path(put, path = "/v1/settings/bank-account", tag = "settings", security(("bearer" = [])),
    request_body = BankAccountInput, responses((status = 200, body = BankAccountView)))]
pub(crate) async fn replace_bank_account(
    _: Admin,
    State(app): State<App>,
    Valid(wanted): Valid<BankAccountInput>,
) -> Result<Json<BankAccountView>, Problem> {
    let account = BankAccount::from(wanted);
    account.check().map_err(|error| {
        let code = if account.iban.is_some() { FieldCode::Invalid } else { FieldCode::Missing };
        Problem::new(ProblemCode::ValidationFailed).field("/iban", code, error.to_string())
    })?;
    app.store.settings.set_bank_account(&account, app.clock.now()).await?;
    Ok(Json(account.into()))
}
