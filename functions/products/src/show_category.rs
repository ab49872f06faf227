//! `GET /v1/categories/{id}`

use axum::{extract::State, response::Response};
use shared::{
    domain::{Id, category::Category},
    http::{App, Caching, PathText, Problem, Viewer},
    store::categories::{CategoryKey, CategorySurroundings},
};

use crate::category_view::CategoryDetail;

/// Retrieve a category
///
/// By id or slug, with its children and ancestors. Inactive categories are visible to administrators only.
#[utoipa::path(get, path = "/v1/categories/{id}", tag = "products", security((), ("bearer" = [])),
    params(("id" = String, Path, description = "id or slug")),
    responses((status = 200, body = CategoryDetail), (status = 304, description = "Not modified")))]
pub(crate) async fn show_category(
    Viewer(user): Viewer,
    caching: Caching,
    PathText(name): PathText,
    State(app): State<App>,
) -> Result<Response, Problem> {
    let sees_all = user.is_some_and(|user| user.is_admin());
    let key = CategoryKey::parse(&name).ok_or_else(|| Problem::not_found("category"))?;
    caching.answer(&find_detail(&app, &key, sees_all).await?)
}

/// The category after a change.
pub(crate) async fn load_detail(app: &App, id: Id<Category>) -> Result<CategoryDetail, Problem> {
    find_detail(app, &CategoryKey::Id(id), true).await
}

async fn find_detail(app: &App, key: &CategoryKey, sees_all: bool) -> Result<CategoryDetail, Problem> {
    let found = app.store.categories.find_surroundings(key).await?;
    let is_visible =
        |found: &CategorySurroundings| sees_all || found.ancestors.iter().all(|ancestor| ancestor.is_active);
    let CategorySurroundings { category, mut children, mut ancestors } =
        found.filter(is_visible).ok_or_else(|| Problem::not_found("category"))?;
    children.retain(|child| child.is_active || sees_all);
    children.sort_by(|left, right| left.order.cmp(&right.order).then_with(|| left.name.cmp(&right.name)));
    ancestors.sort_by_key(|ancestor| ancestor.level);
    Ok(CategoryDetail::new(category, children, &ancestors))
}
