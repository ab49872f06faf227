//! I8: the tree of categories, and how many products each says it has.

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

/// A category, as far as it is checked. There are few enough to hold them all.
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
    let mut tree = Check::new("I8", "a category knows its way from the root");
    let mut counts = Check::new("I8", "a category counts its published products");
    let mut snapshot = Snapshot::of(store).await?;
    let categories = all(&mut snapshot).await?;
    let mut counted = snapshot.aggregate::<Counted>("products", published_per_category()).await?;
    let mut strays = Vec::new();
    for category in categories.values() {
        tree.note(&category.path, joined(place_complaints(category, &categories)));
        let row = counted.matching(&mut snapshot, &Some(category.id), |stray| strays.push(stray)).await?;
        let (says, are) = (category.product_count, row.unwrap_or_default().count);
        counts.note(&category.path, (says != are).then(|| format!("it counts {says} products, there are {are}")));
    }
    counted.rest(&mut snapshot, |stray| strays.push(stray)).await?;
    for stray in strays {
        let id = stray.category.map_or_else(|| "none".to_owned(), |id| id.to_string());
        counts.note(id, Some(format!("{} products hang in it, but there is no such category", stray.count)));
    }
    Ok(vec![tree, counts])
}

fn published_per_category() -> Vec<Document> {
    vec![
        doc! {"$match": {"status": "published", "category": {"$type": "objectId"}}},
        doc! {"$group": {"_id": "$category", "count": {"$sum": 1_i64}}},
    ]
}

fn place_complaints(category: &CategoryFacts, all: &Categories) -> Vec<String> {
    let above = match category.parent.map(|parent| all.get(&parent)) {
        None => None,
        Some(Some(parent)) => Some(parent),
        Some(None) => return vec!["the category above it is not there".to_owned()],
    };
    let mut ancestors = above.map(|parent| parent.ancestors.clone()).unwrap_or_default();
    ancestors.push(category.id);
    let path = above.map_or_else(|| category.slug.clone(), |parent| format!("{}/{}", parent.path, category.slug));
    let level = above.map_or(0, |parent| parent.level.saturating_add(1));
    let mut complaints = Vec::new();
    if category.ancestors != ancestors {
        complaints.push("its ancestors are not those of the category above it, and itself".to_owned());
    }
    if category.path != path {
        complaints.push(format!("its path should be {path}"));
    }
    if category.level != level {
        complaints.push(format!("its level is {}, it should be {level}", category.level));
    }
    complaints
}
