//! `GET /v1/products/{id}/related`

use axum::{extract::State, response::Response};
use shared::http::{App, Caching, Page, PathText, Problem, Viewer};

use crate::{access::find_visible, view::ProductView};

/// The size of the list.
const MOST: i64 = 12;

/// List related products
///
/// Those chosen by its seller first, then the best-selling of its category; at most 12, on one page.
#[utoipa::path(get, path = "/v1/products/{id}/related", tag = "products", security((), ("bearer" = [])),
    params(("id" = String, Path, description = "id or slug")),
    responses((status = 200, body = Page<ProductView>), (status = 304, description = "Not modified")))]
pub(crate) async fn list_related_products(
    Viewer(user): Viewer,
    caching: Caching,
    PathText(name): PathText,
    State(app): State<App>,
) -> Result<Response, Problem> {
    let entry = find_visible(&app, &name, user.as_ref()).await?;
    let related = app.store.products.list_related(&entry.product, MOST).await?;
    caching.answer(&Page::whole(related.into_iter().map(ProductView::from).collect()))
}
