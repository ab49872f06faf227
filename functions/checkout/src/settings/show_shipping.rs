//! `GET /v1/settings/shipping`

use axum::{Json, extract::State};
use shared::http::{Admin, App, Problem};

use super::view::ShippingView;

/// Retrieve the shipping settings
///
/// The default is three worldwide flat rates.
#[utoipa::path(get, path = "/v1/settings/shipping", tag = "settings", security(("bearer" = [])),
    responses((status = 200, body = ShippingView)))]
pub(crate) async fn show_shipping_settings(_: Admin, State(app): State<App>) -> Result<Json<ShippingView>, Problem> {
    Ok(Json(app.store.settings.shipping().await?.into()))
}
