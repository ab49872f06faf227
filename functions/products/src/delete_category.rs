//! `DELETE /v1/categories/{id}`

use axum::{extract::State, http::StatusCode};
use shared::{
    domain::category::Category,
    http::{Admin, App, PathId, Problem},
    transaction,
};

use crate::problems::CatalogueProblem;

/// Delete a category
///
/// 409 `category_in_use` while it has products of any status, or children.
#[utoipa::path(delete, path = "/v1/categories/{id}", tag = "products", security(("bearer" = [])),
    params(("id" = String, Path, description = "id")), responses((status = 204)))]
pub(crate) async fn delete_category(
    _: Admin,
    PathId(id): PathId<Category>,
    State(app): State<App>,
) -> Result<StatusCode, Problem> {
    let store = &app.store;
    transaction!(store, |tx| {
        store.categories.find_in(tx, id).await?.ok_or(CatalogueProblem::NotFound("category"))?;
        if store.categories.has_children_in(tx, id).await? || store.products.has_any_of_category_in(tx, id).await? {
            return Err(CatalogueProblem::CategoryInUse);
        }
        store.categories.remove_in(tx, id).await?;
        Ok(())
    })?;
    Ok(StatusCode::NO_CONTENT)
}
