//! The part of the category tree that made-up products need.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use bson::doc;
use shared::{
    domain::{Clock, Slug, category::Category},
    store::{Store, StoreError, categories::CategoryKey},
};

/// Makes what is missing of a tree, given as paths of slugs with names, parents first. What is there stays as it is.
///
/// # Errors
/// If a slug of it is taken by a category elsewhere in the tree.
pub(crate) async fn ensure(store: &Store, clock: &Clock, tree: &[(&str, &str)]) -> Result<BTreeMap<String, Category>> {
    let mut categories: BTreeMap<String, Category> = BTreeMap::new();
    for (path, name) in tree {
        let (above, slug) = path.rsplit_once('/').unwrap_or(("", path));
        let key = CategoryKey::parse(path).with_context(|| format!("{path} is no path"))?;
        let category = match store.categories.find_by(&key).await? {
            Some(found) => found.into_inner(),
            None => {
                let new = Category::new((*name).to_owned(), Slug::try_new(slug)?, categories.get(above), clock.now());
                match store.categories.insert(&new).await {
                    Ok(()) => new,
                    // Somebody made it between the two commands, or it hangs elsewhere.
                    Err(StoreError::Duplicate { .. }) => match store.categories.find_by(&key).await? {
                        Some(found) => found.into_inner(),
                        None => bail!("there is a category {slug} already, but not as {path}"),
                    },
                    Err(error) => return Err(error.into()),
                }
            }
        };
        if category.path != *path {
            bail!("there is a category {slug} already, but as {} and not as {path}", category.path);
        }
        categories.insert((*path).to_owned(), category);
    }
    Ok(categories)
}

/// Writes down how many published products each category has.
///
/// Exact also while products are published: that changes the category's version, and then its products are counted again.
pub(crate) async fn recount(store: &Store, categories: impl IntoIterator<Item = &Category>) -> Result<()> {
    let products = store.database().collection::<bson::Document>("products");
    for category in categories {
        loop {
            let Some(mut category) = store.categories.find(category.id).await? else { break };
            let published = products.count_documents(doc! {"category": category.id, "status": "published"}).await?;
            category.product_count = i64::try_from(published)?;
            match store.categories.save(&mut category).await {
                Err(StoreError::Conflict(_)) => {}
                other => break other?,
            }
        }
    }
    Ok(())
}
