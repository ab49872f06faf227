//! `GET, PUT /v1/settings/bank-account`

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use shared::{
    domain::bank_account::{BankAccount, Iban, is_bic},
    http::{Admin, App, FieldCode, Problem, ProblemCode, Valid},
    validation::{Checked, Validate, Violation, Violations, rules::line},
};

/// The account that buyers transfer to: with an IBAN, or with an account number where there are no IBANs.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = BankAccountInput)]
pub(crate) struct BankAccountInput {
    account_holder: String,
    /// ISO 13616; spaces do not matter.
    iban: Option<String>,
    /// ISO 9362, capital letters.
    bic: Option<String>,
    /// Instead of an IBAN: letters, digits, spaces and dashes.
    account_number: Option<String>,
    /// The bank of the account number.
    routing_number: Option<String>,
    /// For display.
    bank_name: Option<String>,
}

impl Validate for BankAccountInput {
    fn validate(&self, v: &mut Violations) {
        v.check("accountHolder", &self.account_holder, line(70));
        v.check("iban", &self.iban, iban);
        v.check("bic", &self.bic, bic);
        v.check("accountNumber", &self.account_number, number);
        v.check("routingNumber", &self.routing_number, number);
        v.check("bankName", &self.bank_name, line(100));
    }
}

fn iban(text: &str) -> Checked {
    Iban::try_new(text).map(drop).map_err(|error| Violation::new(FieldCode::Invalid, error.to_string()))
}

fn bic(text: &str) -> Checked {
    if is_bic(text) {
        Ok(())
    } else {
        Err(Violation::new(FieldCode::Invalid, "must be a BIC of 8 or 11 capital letters and digits"))
    }
}

fn number(text: &str) -> Checked {
    line(34)(text)?;
    if text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'-')) {
        Ok(())
    } else {
        Err(Violation::new(FieldCode::Invalid, "must consist of letters, digits, spaces and dashes"))
    }
}

/// The account that buyers transfer to.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = BankAccount)]
pub(crate) struct BankAccountView {
    account_holder: String,
    /// Without spaces.
    #[serde(skip_serializing_if = "Option::is_none")]
    iban: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bic: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    routing_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bank_name: Option<String>,
}

impl From<BankAccount> for BankAccountView {
    fn from(account: BankAccount) -> Self {
        Self {
            account_holder: account.account_holder,
            iban: account.iban.map(Into::into),
            bic: account.bic,
            account_number: account.account_number,
            routing_number: account.routing_number,
            bank_name: account.bank_name,
        }
    }
}

/// Retrieve the bank account
///
/// 404 until one is set: bank transfers are not available until then.
#[utoipa::path(get, path = "/v1/settings/bank-account", tag = "settings", security(("bearer" = [])),
    responses((status = 200, body = BankAccountView)))]
pub(crate) async fn show_bank_account(_: Admin, State(app): State<App>) -> Result<Json<BankAccountView>, Problem> {
    let account = app.store.settings.bank_account().await?;
    account.map(|account| Json(account.into())).ok_or_else(|| Problem::not_found("bank account"))
}

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
    let trimmed = |text: String| text.trim().to_owned();
    let account = BankAccount {
        account_holder: trimmed(wanted.account_holder),
        iban: wanted.iban.as_deref().and_then(|iban| Iban::try_new(iban).ok()),
        bic: wanted.bic,
        account_number: wanted.account_number.map(trimmed),
        routing_number: wanted.routing_number.map(trimmed),
        bank_name: wanted.bank_name.map(trimmed),
    };
    account.check().map_err(|error| {
        let code = if account.iban.is_some() { FieldCode::Invalid } else { FieldCode::Missing };
        Problem::new(ProblemCode::ValidationFailed).field("/iban", code, error.to_string())
    })?;
    app.store.settings.set_bank_account(&account, app.clock.now()).await?;
    Ok(Json(account.into()))
}
