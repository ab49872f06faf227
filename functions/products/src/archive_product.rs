//! `POST /v1/products/{id}/archive`

use axum::{Json, extract::State};
use shared::{
    domain::product::{Product, ProductStatus},
    http::{App, PathId, Problem, Seller},
};

use crate::{
    access::{load_changed, move_to},
    view::ProductView,
};

/// Archive a product
///
/// It is no longer for sale and can be published again. 409 for a draft.
#[utoipa::path(post, path = "/v1/products/{id}/archive", tag = "products", security(("bearer" = [])),
    params(("id" = String, Path, description = "id")), responses((status = 200, body = ProductView)))]
pub(crate) async fn archive_product(
    Seller(user): Seller,
    PathId(id): PathId<Product>,
    State(app): State<App>,
) -> Result<Json<ProductView>, Problem> {
    move_to(&app, id, &user, ProductStatus::Archived).await?;
    Ok(Json(load_changed(&app, id).await?.into()))
}
