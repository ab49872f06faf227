//! `GET /v1/settings/shipping`

use axum::{Json, extract::State};
use shared::{
    domain::shipping::ShippingTable,
    http::{Admin, App, Problem},
};

/// Retrieve the shipping settings
///
/// The default is three worldwide flat rates.
#[utoipa::path(get, path = "/v1/settings/shipping", tag = "settings", security(("bearer" = [])),
    responses((status = 200, body = ShippingTable)))]
pub(crate) async fn show_shipping_settings(_: Admin, State(app): State<App>) -> Result<Json<ShippingTable>, Problem> {
    Ok(Json(app.store.settings.shipping().await?))
}
