//! `PATCH /v1/products/{id}`

use axum::{Json, extract::State};
use shared::{
    app::change_product,
    domain::product::Product,
    http::{App, PathId, Problem, Seller, Valid},
};

use crate::{
    access::{is_theirs, load_changed},
    input::update::UpdateProduct,
    problems::CatalogueProblem,
    view::ProductView,
};

/// Update a product
///
/// Absent fields stay unchanged, null clears optional ones. Lists are replaced as a whole, `price` and `inventory` field by
/// field.
#[utoipa::path(patch, path = "/v1/products/{id}", tag = "products", security(("bearer" = [])),
    params(("id" = String, Path, description = "id")),
    request_body = UpdateProduct, responses((status = 200, body = ProductView)))]
pub(crate) async fn update_product(
    Seller(user): Seller,
    PathId(id): PathId<Product>,
    State(app): State<App>,
    Valid(change): Valid<UpdateProduct>,
) -> Result<Json<ProductView>, Problem> {
    let may_change = |product: &Product| is_theirs(product, &user);
    let updated = change_product::update_product(&app.store, id, may_change, &change.into(), app.clock.now()).await;
    updated.map_err(CatalogueProblem::from)?;
    Ok(Json(load_changed(&app, id).await?.into()))
}
