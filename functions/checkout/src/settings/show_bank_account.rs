//! `GET /v1/settings/bank-account`

use axum::{Json, extract::State};
use shared::http::{Admin, App, Problem};

use super::view::BankAccountView;

/// Retrieve the bank account
///
/// 404 until one is set: bank transfers are not available until then.
#[utoipa::path(get, path = "/v1/settings/bank-account", tag = "settings", security(("bearer" = [])),
    responses((status = 200, body = BankAccountView)))]
pub(crate) async fn show_bank_account(_: Admin, State(app): State<App>) -> Result<Json<BankAccountView>, Problem> {
    let account = app.store.settings.bank_account().await?;
    account.map(|account| Json(account.into())).ok_or_else(|| Problem::not_found("bank account"))
}
