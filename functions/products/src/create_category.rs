//! `POST /v1/categories`

use axum::{
    Json,
    extract::State,
    http::{HeaderName, StatusCode, header},
};
use serde::Deserialize;
use shared::{
    domain::{Slug, category::Category},
    http::{Admin, App, Problem, ValidCatalogue},
    store::{StoreError, Tx, categories::CategoryKey},
    transaction,
    validation::{
        Validate, Violations,
        rules::{length, line, optional_line, optional_lines},
    },
};

use crate::{
    category_input::{MetadataInput, refused},
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
        v.check("name", &self.name, line(100));
        v.check("description", &self.description, optional_lines(2000));
        v.check("parent", &self.parent, length(0..=1000));
        v.check("image", &self.image, optional_line(2048));
        v.check("icon", &self.icon, optional_line(2048));
        v.nested("metadata", &self.metadata);
    }
}

/// Create a category
#[utoipa::path(post, path = "/v1/categories", tag = "products", security(("bearer" = [])),
    request_body = CreateCategory, responses((status = 201, body = CategoryDetail, headers(("Location" = String)))))]
pub(crate) async fn create_category(
    _: Admin,
    State(app): State<App>,
    ValidCatalogue(wanted): ValidCatalogue<CreateCategory>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<CategoryDetail>), Problem> {
    let now = app.clock.now();
    let categories = &app.store.categories;
    let id = transaction!(app.store, |tx| {
        let parent = match &wanted.parent {
            Some(name) => {
                let key = CategoryKey::parse(name).ok_or(CatalogueProblem::UnknownParent)?;
                Some(categories.lock_in(tx, &key).await?.ok_or(CatalogueProblem::UnknownParent)?)
            }
            None => None,
        };
        let slug = match &wanted.slug {
            Some(slug) => slug.clone(),
            None => free_slug(&app, tx, &wanted.name, parent.as_deref()).await?,
        };
        let mut category = Category::new(wanted.name.clone(), slug, parent.as_deref(), now);
        category.description.clone_from(&wanted.description);
        category.order = wanted.order.unwrap_or(0);
        category.image.clone_from(&wanted.image);
        category.icon.clone_from(&wanted.icon);
        category.is_active = wanted.is_active.unwrap_or(true);
        category.metadata = wanted.metadata.clone().map(Into::into);
        categories.insert_in(tx, &category).await.map_err(|error| refused(error, wanted.slug.is_some()))?;
        Ok::<_, CatalogueProblem>(category.id)
    })?;
    let view = load_detail(&app, id).await?;
    Ok((StatusCode::CREATED, [(header::LOCATION, format!("/v1/categories/{id}"))], Json(view)))
}

/// A slug from the name; if taken, from the parent's slug and the name; if that is taken too, with a unique number.
async fn free_slug(app: &App, tx: &mut Tx, name: &str, parent: Option<&Category>) -> Result<Slug, StoreError> {
    let base = Slug::from_name(name);
    let below = parent.map_or_else(|| base.clone(), |parent| parent.slug.with_suffix(base.as_str()));
    let unique = base.with_suffix(&app.random.readable(8).to_ascii_lowercase());
    let taken = app.store.categories.taken_slugs_in(tx, &[base.clone(), below.clone()]).await?;
    Ok([base, below].into_iter().find(|slug| !taken.contains(slug)).unwrap_or(unique))
}
