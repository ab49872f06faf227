//! `POST /v1/products`

use axum::{
    Json,
    extract::State,
    http::{HeaderName, StatusCode, header},
};
use shared::{
    app::create_product,
    http::{App, Problem, Seller, Valid},
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
    Valid(row): Valid<ProductRow>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<ProductView>), Problem> {
    let created = create_product::create_product(&app.store, user.id, row.into(), app.clock.now()).await;
    let id = created.map_err(CatalogueProblem::from)?;
    let view = load_changed(&app, id).await?.into();
    Ok((StatusCode::CREATED, [(header::LOCATION, format!("/v1/products/{id}"))], Json(view)))
}
