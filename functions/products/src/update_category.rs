//! `PATCH /v1/categories/{id}`

use axum::{Json, extract::State};
use serde::Deserialize;
use shared::{
    domain::{Id, Slug, category::Category},
    http::{Admin, App, PathId, Problem, ValidCatalogue},
    store::{Tx, categories::CategoryKey},
    transaction,
    validation::{
        Validate, Violations,
        patch::present,
        rules::{length, line, optional_line, optional_lines},
    },
};

use crate::{
    category_input::{MetadataInput, refused},
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
        v.check("name", &self.name, line(100));
        v.check("description", &self.description, optional_lines(2000));
        v.check("parent", &self.parent, length(0..=1000));
        v.check("image", &self.image, optional_line(2048));
        v.check("icon", &self.icon, optional_line(2048));
        v.nested("metadata", &self.metadata);
    }
}

impl UpdateCategory {
    /// Changes the category, except its parent.
    fn apply(&self, category: &mut Category) {
        fn set<T: Clone>(field: &mut T, value: Option<&T>) {
            if let Some(value) = value {
                field.clone_from(value);
            }
        }
        set(&mut category.name, self.name.as_ref());
        set(&mut category.slug, self.slug.as_ref());
        set(&mut category.description, self.description.as_ref());
        set(&mut category.order, self.order.as_ref());
        set(&mut category.image, self.image.as_ref());
        set(&mut category.icon, self.icon.as_ref());
        set(&mut category.is_active, self.is_active.as_ref());
        if let Some(metadata) = &self.metadata {
            category.metadata = metadata.clone().map(Into::into);
        }
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
    ValidCatalogue(changes): ValidCatalogue<UpdateCategory>,
) -> Result<Json<CategoryDetail>, Problem> {
    transaction!(app.store, |tx| { change(&app, tx, id, &changes).await })?;
    Ok(Json(load_detail(&app, id).await?))
}

async fn change(app: &App, tx: &mut Tx, id: Id<Category>, changes: &UpdateCategory) -> Result<(), CatalogueProblem> {
    let (now, store) = (app.clock.now(), &app.store);
    let before = store.categories.find_in(tx, id).await?.ok_or(CatalogueProblem::NotFound("category"))?;
    let parent = match &changes.parent {
        Some(Some(name)) => Some(CategoryKey::parse(name).ok_or(CatalogueProblem::UnknownParent)?),
        Some(None) => None,
        None => before.parent.map(CategoryKey::Id),
    };
    let parent = match parent {
        Some(key) => {
            let found = store.categories.find_by_in(tx, &key).await?.ok_or(CatalogueProblem::UnknownParent)?;
            if before.contains(&found) {
                return Err(CatalogueProblem::CategoryCycle);
            }
            store.categories.lock_in(tx, &CategoryKey::Id(found.id)).await?
        }
        None => None,
    };
    let mut after = before.clone();
    changes.apply(&mut after);
    after.set_parent(parent.as_deref());
    after.updated_at = now;
    store.categories.save_in(tx, &mut after).await.map_err(|error| refused(error, true))?;
    if after.path != before.path {
        store.categories.update_descendants_in(tx, &before, &after, now).await?;
    }
    if after.ancestors != before.ancestors {
        store.products.update_descendants_in(tx, &before, &after).await?;
    }
    Ok(())
}
