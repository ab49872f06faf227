//! `POST /v1/products`

use axum::{
    Json,
    extract::State,
    http::{HeaderName, StatusCode, header},
};
use shared::{
    app::save_product::{NewProduct, assign_category_in, draft_of, insert_in, set_status},
    http::{App, Problem, Seller, ValidCatalogue},
    transaction,
};

use crate::{access::load_changed, input::row::ProductRow, problems::CatalogueProblem, view::ProductView};

/// Create a product
///
/// As a draft of the caller, with its initial stock, unless `status` is `published`. An absent slug is generated from the name.
#[utoipa::path(post, path = "/v1/products", tag = "products", security(("bearer" = [])),
    request_body = ProductRow, responses((status = 201, body = ProductView, headers(("Location" = String)))))]
pub(crate) async fn create_product(
    Seller(user): Seller,
    State(app): State<App>,
    ValidCatalogue(row): ValidCatalogue<ProductRow>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<ProductView>), Problem> {
    let now = app.clock.now();
    let new = NewProduct::from(row);
    let stock = new.first_stock().map_err(CatalogueProblem::from)?;
    let (slug_is_given, status) = (new.changes.slug.is_some(), new.status);
    let category = new.category().map(str::to_owned);
    let draft = draft_of(new, user.id, now).map_err(CatalogueProblem::from)?;
    let id = transaction!(app.store, |tx| {
        let mut product = draft.clone();
        if let Some(category) = &category {
            assign_category_in(tx, &app.store, &mut product, category).await?;
        }
        if let Some(status) = status {
            let _ = set_status(&mut product, status, now)?;
        }
        insert_in(tx, &app.store, &mut product, &stock, slug_is_given).await?;
        Ok::<_, CatalogueProblem>(product.id)
    })?;
    let view = load_changed(&app, id).await?.into();
    Ok((StatusCode::CREATED, [(header::LOCATION, format!("/v1/products/{id}"))], Json(view)))
}
