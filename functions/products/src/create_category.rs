//! `POST /v1/categories`

use axum::{
    Json,
    extract::State,
    http::{HeaderName, StatusCode, header},
};
use serde::Deserialize;
use shared::{
    app::save_category::{self, CategoryChanges, NewCategory},
    domain::Slug,
    http::{Admin, App, Problem, Valid},
    validation::{Validate, Violations},
};

use crate::{
    category_input::{MetadataInput, check_texts},
    category_view::CategoryDetail,
    problems::CatalogueProblem,
    show_category::load_detail,
};

/// A new category.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateCategory {
    /// Unique among siblings.
    name: String,
    /// Unique. Generated from the name if absent.
    slug: Option<Slug>,
    description: Option<String>,
    /// The parent as id, slug or path of slugs; a root if absent.
    parent: Option<String>,
    /// Position among its siblings; 0 if absent.
    order: Option<i32>,
    image: Option<String>,
    icon: Option<String>,
    /// True if absent.
    is_active: Option<bool>,
    metadata: Option<MetadataInput>,
}

impl Validate for CreateCategory {
    fn validate(&self, v: &mut Violations) {
        check_texts(v, &self.name, &self.description, &self.parent, [&self.image, &self.icon]);
        v.nested("metadata", &self.metadata);
    }
}

impl From<CreateCategory> for NewCategory {
    fn from(category: CreateCategory) -> Self {
        let CreateCategory { name, slug, description, parent, order, image, icon, is_active, metadata } = category;
        let changes = CategoryChanges {
            name: None,
            slug,
            description: Some(description),
            parent: Some(parent),
            order,
            image: Some(image),
            icon: Some(icon),
            is_active,
            metadata: Some(metadata.map(Into::into)),
        };
        Self { name, changes }
    }
}

/// Create a category
#[utoipa::path(post, path = "/v1/categories", tag = "products", security(("bearer" = [])),
    request_body = CreateCategory, responses((status = 201, body = CategoryDetail, headers(("Location" = String)))))]
pub(crate) async fn create_category(
    _: Admin,
    State(app): State<App>,
    Valid(wanted): Valid<CreateCategory>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<CategoryDetail>), Problem> {
    let now = app.clock.now();
    let created = save_category::create_category(&app.store, &app.random, &wanted.into(), now).await;
    let id = created.map_err(CatalogueProblem::from)?;
    let view = load_detail(&app, id).await?;
    Ok((StatusCode::CREATED, [(header::LOCATION, format!("/v1/categories/{id}"))], Json(view)))
}
