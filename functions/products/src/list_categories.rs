//! `GET /v1/categories`

use axum::{extract::State, response::Response};
use shared::http::{App, Caching, Page, Problem, Viewer};

use crate::category_view::CategoryTree;

/// List categories
///
/// The whole tree on one page, siblings by position. Inactive categories and their descendants are visible to administrators
/// only.
#[utoipa::path(get, path = "/v1/categories", tag = "products", security((), ("bearer" = [])),
    responses((status = 200, body = Page<CategoryTree>), (status = 304, description = "Not modified")))]
pub(crate) async fn list_categories(
    Viewer(user): Viewer,
    caching: Caching,
    State(app): State<App>,
) -> Result<Response, Problem> {
    let sees_all = user.is_some_and(|user| user.is_admin());
    let mut categories = app.store.categories.list_all().await?;
    categories.retain(|category| category.is_active || sees_all);
    caching.answer(&Page::whole(CategoryTree::tree_of(categories)))
}
