//! `GET /v1/settings/shipping`

use axum::{Json, extract::State};
use shared::{
    domain::shipping::ShippingTable,
    http::{Admin, App, Problem},
};

/// Show the shipping settings
///
/// A shop starts with three flat rates for the whole world.
#[utoipa::path(get, path = "/v1/settings/shipping", tag = "settings", security(("bearer" = [])),
    responses((status = 200, body = ShippingTable)))]
pub(crate) async fn show_shipping_settings(_: Admin, State(app): State<App>) -> Result<Json<ShippingTable>, Problem> {
    Ok(Json(app.store.settings.shipping().await?))
}
