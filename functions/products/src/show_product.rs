//! `GET /v1/products/{id}`

use axum::{extract::State, response::Response};
use shared::http::{App, Caching, PathText, Problem, Viewer};

use crate::{access::find_visible, view::ProductView};

/// Retrieve a product
///
/// By id or slug. Products not for sale are visible to their seller and administrators only.
#[utoipa::path(get, path = "/v1/products/{id}", tag = "products", security((), ("bearer" = [])),
    params(("id" = String, Path, description = "id or slug")),
    responses((status = 200, body = ProductView), (status = 304, description = "Not modified")))]
pub(crate) async fn show_product(
    Viewer(user): Viewer,
    caching: Caching,
    PathText(name): PathText,
    State(app): State<App>,
) -> Result<Response, Problem> {
    let entry = find_visible(&app, &name, user.as_ref()).await?;
    caching.answer(&ProductView::from(entry))
}
