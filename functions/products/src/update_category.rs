//! `PATCH /v1/categories/{id}`

use axum::{Json, extract::State};
use serde::Deserialize;
use shared::{
    app::save_category::{self, CategoryChanges},
    domain::{Slug, category::Category},
    http::{Admin, App, PathId, Problem, Valid},
    validation::{Validate, Violations, patch::present},
};

use crate::{
    category_input::{MetadataInput, check_texts},
    category_view::CategoryDetail,
    problems::CatalogueProblem,
    show_category::load_detail,
};

/// Absent fields stay unchanged, null clears optional ones.
#[derive(Clone, Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct UpdateCategory {
    /// Unique among siblings.
    #[serde(deserialize_with = "present")]
    name: Option<String>,
    /// Unique. The paths of the descendants are updated.
    #[serde(deserialize_with = "present")]
    slug: Option<Slug>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    description: Option<Option<String>>,
    /// The parent as id, slug or path of slugs; null makes it a root. The descendants are updated.
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    parent: Option<Option<String>>,
    /// Position among its siblings.
    #[serde(deserialize_with = "present")]
    order: Option<i32>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    image: Option<Option<String>>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    icon: Option<Option<String>>,
    /// False hides it and its descendants from the tree.
    #[serde(deserialize_with = "present")]
    is_active: Option<bool>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<MetadataInput>)]
    metadata: Option<Option<MetadataInput>>,
}

impl Validate for UpdateCategory {
    fn validate(&self, v: &mut Violations) {
        check_texts(v, &self.name, &self.description, &self.parent, [&self.image, &self.icon]);
        v.nested("metadata", &self.metadata);
    }
}

impl From<UpdateCategory> for CategoryChanges {
    fn from(change: UpdateCategory) -> Self {
        let UpdateCategory { name, slug, description, parent, order, image, icon, is_active, metadata } = change;
        let metadata = metadata.map(|metadata| metadata.map(Into::into));
        Self { name, slug, description, parent, order, image, icon, is_active, metadata }
    }
}

/// Update a category
///
/// 409 `category_cycle` if the new parent is the category itself or a descendant.
#[utoipa::path(patch, path = "/v1/categories/{id}", tag = "products", security(("bearer" = [])),
    params(("id" = String, Path, description = "id")),
    request_body = UpdateCategory, responses((status = 200, body = CategoryDetail)))]
pub(crate) async fn update_category(
    _: Admin,
    PathId(id): PathId<Category>,
    State(app): State<App>,
    Valid(changes): Valid<UpdateCategory>,
) -> Result<Json<CategoryDetail>, Problem> {
    let updated = save_category::update_category(&app.store, id, &changes.into(), app.clock.now()).await;
    updated.map_err(CatalogueProblem::from)?;
    Ok(Json(load_detail(&app, id).await?))
}
