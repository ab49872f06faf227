//! `DELETE /v1/products/{id}`

use axum::{extract::State, http::StatusCode};
use shared::{
    app::save_product::{FirstStock, save_in, set_status},
    domain::product::{Product, ProductStatus},
    http::{App, PathId, Problem, Seller},
    transaction,
};

use crate::{access::load_own_in, problems::CatalogueProblem};

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
    let now = app.clock.now();
    transaction!(app.store, |tx| {
        let before = load_own_in(tx, &app.store, id, &user).await?;
        if before.status == ProductStatus::Draft {
            app.store.products.remove_in(tx, id).await?;
            app.store.inventory.remove_of_product_in(tx, id).await?;
        } else {
            let mut product = before.clone();
            let _ = set_status(&mut product, ProductStatus::Archived, now)?;
            let _ = save_in(tx, &app.store, &before, &mut product, &FirstStock::new(), now).await?;
        }
        Ok::<_, CatalogueProblem>(())
    })?;
    Ok(StatusCode::NO_CONTENT)
}
