//! A category is created or updated. The parent is locked in the same transaction, and the paths of its descendants and of
//! their products are updated in it.

use shop_domain::{
    Id, Random, Slug, Timestamp,
    category::{Category, CategoryMetadata},
};
use shop_store::{Store, StoreError, TransactionError, Tx, categories::CategoryKey, transaction};

/// Why a category was not saved. Nothing happened then.
#[derive(Debug, thiserror::Error)]
pub enum SaveCategoryError {
    /// There is no such category.
    #[error("there is no such category")]
    NotFound,
    /// There is no such parent.
    #[error("there is no such parent category")]
    UnknownParent,
    /// Another category has this slug.
    #[error("another category has this slug")]
    SlugTaken,
    /// A sibling has this name.
    #[error("a sibling category has this name")]
    NameTaken,
    /// The category would be its own descendant.
    #[error("the parent is the category itself or a descendant")]
    Cycle,
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl TransactionError for SaveCategoryError {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Store(error) = self { Some(error) } else { None }
    }
}

/// A category to create.
#[derive(Clone, Debug)]
pub struct NewCategory {
    /// Unique among its siblings.
    pub name: String,
    /// Every other field that differs from an active root without content. An absent slug is generated from the name.
    pub changes: CategoryChanges,
}

/// A change of a category: `None` leaves a field unchanged, `Some(None)` clears it.
#[derive(Clone, Debug, Default)]
pub struct CategoryChanges {
    /// Unique among its siblings.
    pub name: Option<String>,
    /// Unique.
    pub slug: Option<Slug>,
    /// The description.
    pub description: Option<Option<String>>,
    /// The parent as id, slug or path of slugs; `Some(None)` makes it a root.
    pub parent: Option<Option<String>>,
    /// Position among its siblings.
    pub order: Option<i32>,
    /// URL of the image.
    pub image: Option<Option<String>>,
    /// The icon.
    pub icon: Option<Option<String>>,
    /// False hides it and its descendants.
    pub is_active: Option<bool>,
    /// For search engines.
    pub metadata: Option<Option<CategoryMetadata>>,
}

impl CategoryChanges {
    /// Changes the category, except its parent, which has to be looked up first.
    fn apply(&self, category: &mut Category) {
        set(&mut category.name, self.name.as_ref());
        set(&mut category.slug, self.slug.as_ref());
        set(&mut category.description, self.description.as_ref());
        set(&mut category.order, self.order.as_ref());
        set(&mut category.image, self.image.as_ref());
        set(&mut category.icon, self.icon.as_ref());
        set(&mut category.is_active, self.is_active.as_ref());
        set(&mut category.metadata, self.metadata.as_ref());
    }
}

fn set<T: Clone>(field: &mut T, value: Option<&T>) {
    if let Some(value) = value {
        field.clone_from(value);
    }
}

/// Creates a category.
pub async fn create_category(
    store: &Store,
    random: &Random,
    new: &NewCategory,
    now: Timestamp,
) -> Result<Id<Category>, SaveCategoryError> {
    let NewCategory { name, changes } = new;
    transaction!(store, |tx| {
        let parent = match changes.parent.as_ref().and_then(Option::as_ref) {
            Some(name) => {
                let key = CategoryKey::parse(name).ok_or(SaveCategoryError::UnknownParent)?;
                Some(store.categories.lock_in(tx, &key).await?.ok_or(SaveCategoryError::UnknownParent)?)
            }
            None => None,
        };
        let slug = match &changes.slug {
            Some(slug) => slug.clone(),
            None => free_slug(store, tx, random, name, parent.as_deref()).await?,
        };
        let mut category = Category::new(name.clone(), slug, parent.as_deref(), now);
        changes.apply(&mut category);
        let inserted = store.categories.insert_in(tx, &category).await;
        inserted.map_err(|error| refused(error, changes.slug.is_some()))?;
        Ok(category.id)
    })
}

/// A slug from the name; if taken, from the parent's slug and the name; if that is taken too, with a unique number.
async fn free_slug(
    store: &Store,
    tx: &mut Tx,
    random: &Random,
    name: &str,
    parent: Option<&Category>,
) -> Result<Slug, StoreError> {
    let base = Slug::from_name(name);
    let below = parent.map_or_else(|| base.clone(), |parent| parent.slug.with_suffix(base.as_str()));
    let unique = base.with_suffix(&random.readable(8).to_ascii_lowercase());
    let taken = store.categories.taken_slugs_in(tx, &[base.clone(), below.clone()]).await?;
    Ok([base, below].into_iter().find(|slug| !taken.contains(slug)).unwrap_or(unique))
}

/// Updates a category, and the copies of its path in its descendants and their products.
pub async fn update_category(
    store: &Store,
    id: Id<Category>,
    changes: &CategoryChanges,
    now: Timestamp,
) -> Result<(), SaveCategoryError> {
    transaction!(store, |tx| {
        let before = store.categories.find_in(tx, id).await?.ok_or(SaveCategoryError::NotFound)?;
        let parent = match &changes.parent {
            Some(Some(name)) => Some(CategoryKey::parse(name).ok_or(SaveCategoryError::UnknownParent)?),
            Some(None) => None,
            None => before.parent.map(CategoryKey::Id),
        };
        let parent = match parent {
            Some(key) => {
                let found = store.categories.find_by_in(tx, &key).await?.ok_or(SaveCategoryError::UnknownParent)?;
                if before.contains(&found) {
                    return Err(SaveCategoryError::Cycle);
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
    })
}

/// The error of a failed write. A conflict on a generated slug is retried with another one.
fn refused(error: StoreError, slug_is_given: bool) -> SaveCategoryError {
    if error.is_duplicate_of("slug_") && !slug_is_given {
        StoreError::VersionMismatch.into()
    } else if error.is_duplicate_of("slug_") {
        SaveCategoryError::SlugTaken
    } else if error.is_duplicate_of("parent_") {
        SaveCategoryError::NameTaken
    } else {
        error.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(0);

    fn lamps() -> Category {
        let mut category = Category::new("Lamps".to_owned(), Slug::try_new("lamps").unwrap(), None, NOW);
        category.description = Some("Light".to_owned());
        category.icon = Some("lamp".to_owned());
        category
    }

    #[test]
    fn absent_fields_stay_and_null_clears() {
        let mut category = lamps();
        let changes = CategoryChanges { description: Some(None), order: Some(3), ..CategoryChanges::default() };
        changes.apply(&mut category);
        assert_eq!((category.description, category.order), (None, 3));
        assert_eq!((category.name.as_str(), category.icon.as_deref()), ("Lamps", Some("lamp")));
        assert!(category.is_active);
    }
}
