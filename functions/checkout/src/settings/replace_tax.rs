//! `PUT /v1/settings/tax`

use axum::{Json, extract::State};
use shared::{
    domain::tax::TaxTable,
    http::{Admin, App, FieldCode, Problem, ProblemCode, Valid},
};

use super::{input::TaxInput, view::TaxView};

/// Replace the tax settings
///
/// Applies to every quote and order from now on.
#[utoipa::path(put, path = "/v1/settings/tax", tag = "settings", security(("bearer" = [])),
    request_body = TaxInput, responses((status = 200, body = TaxView)))]
pub(crate) async fn replace_tax_settings(
    _: Admin,
    State(app): State<App>,
    Valid(wanted): Valid<TaxInput>,
) -> Result<Json<TaxView>, Problem> {
    let table = TaxTable::from(wanted);
    table.check().map_err(|error| {
        Problem::new(ProblemCode::ValidationFailed).field(
            format!("/rows/{}", error.row),
            FieldCode::Repeated,
            error.to_string(),
        )
    })?;
    app.store.settings.set_tax(&table, app.clock.now()).await?;
    Ok(Json(table.into()))
}
