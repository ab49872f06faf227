//! `PATCH /v1/products/{id}`

use axum::{Json, extract::State};
use shared::{
    app::save_product::{ProductChanges, assign_category_in, save_in, set_parent},
    domain::product::Product,
    http::{App, PathId, Problem, Seller, ValidCatalogue},
    transaction,
};

use crate::{
    access::{load_changed, load_own_in},
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
    ValidCatalogue(change): ValidCatalogue<UpdateProduct>,
) -> Result<Json<ProductView>, Problem> {
    let now = app.clock.now();
    let changes = ProductChanges::from(change);
    transaction!(app.store, |tx| {
        let before = load_own_in(tx, &app.store, id, &user).await?;
        let mut product = before.clone();
        changes.clone().apply(&mut product)?;
        match &changes.category {
            Some(Some(category)) => assign_category_in(tx, &app.store, &mut product, category).await?,
            Some(None) => set_parent(&mut product, None),
            None => {}
        }
        let _ = save_in(tx, &app.store, &before, &mut product, &changes.first_stock, now).await?;
        Ok::<_, CatalogueProblem>(())
    })?;
    Ok(Json(load_changed(&app, id).await?.into()))
}
