//! `PUT /v1/settings/currencies`

use axum::{Json, extract::State};
use shared::{
    domain::currencies::{InvalidShopCurrencies, ShopCurrencies},
    http::{Admin, App, FieldCode, Problem, ProblemCode, Valid},
};

use super::{input::CurrenciesInput, view::CurrenciesView};

/// Replace the currencies
///
/// What is priced in another currency cannot be ordered from now on. Amounts that name no currency, in coupons, shipping
/// rates and price filters, are in the first one; those that are stored keep theirs.
#[utoipa::path(put, path = "/v1/settings/currencies", tag = "settings", security(("bearer" = [])),
    request_body = CurrenciesInput, responses((status = 200, body = CurrenciesView)))]
pub(crate) async fn replace_currencies(
    _: Admin,
    State(app): State<App>,
    Valid(wanted): Valid<CurrenciesInput>,
) -> Result<Json<CurrenciesView>, Problem> {
    let currencies = ShopCurrencies::try_new(wanted.currencies).map_err(|error| {
        let (pointer, code) = match error {
            InvalidShopCurrencies::Empty => ("/currencies".to_owned(), FieldCode::TooShort),
            InvalidShopCurrencies::Repeated { index } => (format!("/currencies/{index}"), FieldCode::Repeated),
        };
        Problem::new(ProblemCode::ValidationFailed).field(pointer, code, error.to_string())
    })?;
    app.store.settings.set_currencies(&currencies, app.clock.now()).await?;
    Ok(Json(currencies.into()))
}
