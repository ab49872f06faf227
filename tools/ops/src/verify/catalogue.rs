//! I8: the category tree, and the product count of each category.

use std::collections::BTreeMap;

use anyhow::Result;
use bson::{Document, doc};
use serde::Deserialize;
use shared::{
    domain::{Id, category::Category},
    store::Store,
};

use super::{
    Check, joined,
    snapshot::{Row, Snapshot},
};

/// The checked fields of a category. All categories fit in memory.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CategoryFacts {
    #[serde(rename = "_id")]
    id: Id<Category>,
    slug: String,
    parent: Option<Id<Category>>,
    pub(super) ancestors: Vec<Id<Category>>,
    path: String,
    level: i32,
    product_count: i64,
}

pub(super) type Categories = BTreeMap<Id<Category>, CategoryFacts>;

#[derive(Debug, Default, Deserialize)]
struct Counted {
    #[serde(rename = "_id")]
    category: Option<Id<Category>>,
    count: i64,
}

impl Row for Counted {
    type Key = Option<Id<Category>>;

    fn key(&self) -> &Self::Key {
        &self.category
    }
}

/// Every category at the moment of the snapshot.
pub(super) async fn all(snapshot: &mut Snapshot) -> Result<Categories> {
    let fields = "slug parent ancestors path level productCount";
    let rows = snapshot.find::<CategoryFacts>("categories", doc! {}, fields, "_id").await?;
    Ok(rows.all(snapshot).await?.into_iter().map(|category| (category.id, category)).collect())
}

pub(super) async fn check(store: &Store) -> Result<Vec<Check>> {
    let mut tree = Check::new("I8", "a category's path is that of its parent and its slug");
    let mut counts = Check::new("I8", "a category counts its published products");
    let mut snapshot = Snapshot::of(store).await?;
    let categories = all(&mut snapshot).await?;
    let mut counted = snapshot.aggregate::<Counted>("products", published_per_category()).await?;
    let mut unmatched_rows = Vec::new();
    for category in categories.values() {
        tree.record(&category.path, joined(tree_violations(category, &categories)));
        let row =
            counted.matching(&mut snapshot, &Some(category.id), |unmatched| unmatched_rows.push(unmatched)).await?;
        let (says, are) = (category.product_count, row.unwrap_or_default().count);
        counts.record(&category.path, (says != are).then(|| format!("its product count is {says}, there are {are}")));
    }
    counted.rest(&mut snapshot, |unmatched| unmatched_rows.push(unmatched)).await?;
    for unmatched in unmatched_rows {
        let id = unmatched.category.map_or_else(|| "none".to_owned(), |id| id.to_string());
        counts.record(
            id,
            Some(format!("{} products are assigned to it, but there is no such category", unmatched.count)),
        );
    }
    Ok(vec![tree, counts])
}

fn published_per_category() -> Vec<Document> {
    vec![
        doc! {"$match": {"status": "published", "category": {"$type": "objectId"}}},
        doc! {"$group": {"_id": "$category", "count": {"$sum": 1_i64}}},
    ]
}

fn tree_violations(category: &CategoryFacts, all: &Categories) -> Vec<String> {
    let parent = match category.parent.map(|parent| all.get(&parent)) {
        None => None,
        Some(Some(parent)) => Some(parent),
        Some(None) => return vec!["its parent does not exist".to_owned()],
    };
    let mut ancestors = parent.map(|parent| parent.ancestors.clone()).unwrap_or_default();
    ancestors.push(category.id);
    let path = parent.map_or_else(|| category.slug.clone(), |parent| format!("{}/{}", parent.path, category.slug));
    let level = parent.map_or(0, |parent| parent.level.saturating_add(1));
    let mut violations = Vec::new();
    if category.ancestors != ancestors {
        violations.push("its ancestors are not those of its parent, and itself".to_owned());
    }
    if category.path != path {
        violations.push(format!("its path should be {path}"));
    }
    if category.level != level {
        violations.push(format!("its level is {}, it should be {level}", category.level));
    }
    violations
}
