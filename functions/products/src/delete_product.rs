//! `DELETE /v1/products/{id}`

use axum::{extract::State, http::StatusCode};
use shared::{
    app::change_product,
    domain::product::Product,
    http::{App, PathId, Problem, Seller},
};

use crate::{access::is_theirs, problems::CatalogueProblem};

/// Delete a product
///
/// A product that was ever published is archived, because orders refer to it. A draft is deleted, and its SKU and slug are free
/// again.
#[utoipa::path(delete, path = "/v1/products/{id}", tag = "products", security(("bearer" = [])),
    params(("id" = String, Path, description = "id")), responses((status = 204)))]
pub(crate) async fn delete_product(
    Seller(user): Seller,
    PathId(id): PathId<Product>,
    State(app): State<App>,
) -> Result<StatusCode, Problem> {
    let may_change = |product: &Product| is_theirs(product, &user);
    let deleted = change_product::delete_product(&app.store, id, may_change, app.clock.now()).await;
    deleted.map_err(CatalogueProblem::from)?;
    Ok(StatusCode::NO_CONTENT)
}
