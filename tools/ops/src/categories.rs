//! The category tree of the demo shop and of generated products.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use bson::doc;
use shared::{
    domain::{Clock, Slug, category::Category},
    store::{Store, StoreError, categories::CategoryKey},
};

/// Creates the missing categories of a tree, given as paths of slugs with names, parents first. Existing ones are kept.
///
/// # Errors
/// If a slug belongs to a category with another path.
pub(crate) async fn ensure(store: &Store, clock: &Clock, tree: &[(&str, &str)]) -> Result<BTreeMap<String, Category>> {
    let mut categories: BTreeMap<String, Category> = BTreeMap::new();
    for (path, name) in tree {
        let (above, slug) = path.rsplit_once('/').unwrap_or(("", path));
        let key = CategoryKey::parse(path).with_context(|| format!("{path} is not a path of slugs"))?;
        let category = match store.categories.find_by(&key).await? {
            Some(found) => found.into_inner(),
            None => {
                let new = Category::new((*name).to_owned(), Slug::try_new(slug)?, categories.get(above), clock.now());
                match store.categories.insert(&new).await {
                    Ok(()) => new,
                    // A concurrent process created it, or the slug belongs to a category with another path.
                    Err(StoreError::Duplicate { .. }) => match store.categories.find_by(&key).await? {
                        Some(found) => found.into_inner(),
                        None => bail!("there is a category {slug} already, but not as {path}"),
                    },
                    Err(error) => return Err(error.into()),
                }
            }
        };
        if category.path != *path {
            bail!("the category {slug} has the path {} and not {path}", category.path);
        }
        categories.insert((*path).to_owned(), category);
    }
    Ok(categories)
}

/// Counts the published products of each category.
///
/// Exact also while products are published: that changes the category's version, and its products are counted again.
pub(crate) async fn recount(store: &Store, categories: impl IntoIterator<Item = &Category>) -> Result<()> {
    let products = store.database().collection::<bson::Document>("products");
    for category in categories {
        loop {
            let Some(mut category) = store.categories.find(category.id).await? else { break };
            let published = products.count_documents(doc! {"category": category.id, "status": "published"}).await?;
            category.product_count = i64::try_from(published)?;
            match store.categories.save(&mut category).await {
                Err(StoreError::VersionMismatch) => {}
                other => break other?,
            }
        }
    }
    Ok(())
}
