//! `POST /v1/products/{id}/publish`

use axum::{Json, extract::State};
use shared::{
    domain::product::{Product, ProductStatus},
    http::{App, PathId, Problem, Seller},
};

use crate::{
    access::{load_changed, move_to},
    view::ProductView,
};

/// Publish a product
///
/// From draft or archived.
#[utoipa::path(post, path = "/v1/products/{id}/publish", tag = "products", security(("bearer" = [])),
    params(("id" = String, Path, description = "id")), responses((status = 200, body = ProductView)))]
pub(crate) async fn publish_product(
    Seller(user): Seller,
    PathId(id): PathId<Product>,
    State(app): State<App>,
) -> Result<Json<ProductView>, Problem> {
    move_to(&app, id, &user, ProductStatus::Published).await?;
    Ok(Json(load_changed(&app, id).await?.into()))
}
