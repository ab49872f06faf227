//! `PUT /v1/settings/shipping`

use axum::{Json, extract::State};
use shared::http::{Admin, App, FieldCode, Problem, ProblemCode, Valid};

use super::{input::ShippingInput, view::ShippingView};

/// Replace the shipping settings
///
/// Applies to every quote and order from now on.
#[utoipa::path(put, path = "/v1/settings/shipping", tag = "settings", security(("bearer" = [])),
    request_body = ShippingInput, responses((status = 200, body = ShippingView)))]
pub(crate) async fn replace_shipping_settings(
    _: Admin,
    State(app): State<App>,
    Valid(wanted): Valid<ShippingInput>,
) -> Result<Json<ShippingView>, Problem> {
    let currencies = app.store.settings.currencies().await?;
    let table = wanted.table(currencies.default_currency());
    table.check().map_err(|error| {
        let pointer = format!("/{}", error.field());
        Problem::new(ProblemCode::ValidationFailed).field(pointer, FieldCode::Repeated, error.to_string())
    })?;
    app.store.settings.set_shipping(&table, app.clock.now()).await?;
    Ok(Json(table.into()))
}
