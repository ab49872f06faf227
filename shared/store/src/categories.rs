//! `categories`: a tree in which every node knows its way from the root.
//!
//! Indexes: `slug` (unique), `(parent, name)` (unique: siblings differ in name), `path`, `ancestors`, and the seed's
//! `level`, `order`, `isActive`.
//!
//! A transaction that relies on a node's position (assigns a product to it, or makes it a parent) *locks* the node with a write.
//! So two transactions that would together cut the tree (A below B while B below A, a product into a category that is being
//! deleted) conflict, and the second sees what the first did.

use std::ops::Deref;

use bson::{Document, doc};
use futures::TryStreamExt;
use mongodb::{Database, options::ReturnDocument};
use serde::{Deserialize, Serialize};

use super::{Documents, StoreError, Stored, Tx, Versioned};
use shop_domain::{Id, Slug, Timestamp, category::Category};

/// The collection `categories`.
#[derive(Clone, Debug)]
pub struct Categories(Documents<Category>);

impl Stored for Category {
    const COLLECTION: &'static str = "categories";

    fn id(&self) -> Id<Self> {
        self.id
    }
}

impl Deref for Categories {
    type Target = Documents<Category>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// What a category is called from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CategoryKey {
    /// Its id.
    Id(Id<Category>),
    /// Its slug, which is unique in the shop.
    Slug(Slug),
    /// The slugs from the root down, joined by `/`.
    Path(Vec<Slug>),
}

impl CategoryKey {
    /// Reads an id, a slug or a path; `None` for text that cannot name a category.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(id) = text.parse() {
            return Some(Self::Id(id));
        }
        let slugs: Result<Vec<Slug>, _> = text.split('/').map(Slug::try_new).collect();
        let mut slugs = slugs.ok()?;
        if slugs.len() == 1 { slugs.pop().map(Self::Slug) } else { Some(Self::Path(slugs)) }
    }

    fn filter(&self) -> Document {
        match self {
            Self::Id(id) => doc! {"_id": *id},
            Self::Slug(slug) => doc! {"slug": slug},
            Self::Path(slugs) => doc! {"path": slugs.iter().map(Slug::as_str).collect::<Vec<_>>().join("/")},
        }
    }
}

/// A category with what is around it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CategorySurroundings {
    /// The category.
    pub category: Category,
    /// What hangs directly below it, in no particular order.
    pub children: Vec<Category>,
    /// The way from the root down to it, in no particular order.
    pub ancestors: Vec<Category>,
}

impl Categories {
    pub(super) fn new(database: &Database) -> Self {
        Self(Documents::new(database))
    }

    /// The whole tree, parents before their children, siblings in their order.
    pub async fn list_all(&self) -> Result<Vec<Category>, StoreError> {
        self.collect(self.collection.find(doc! {}).sort(doc! {"level": 1, "order": 1, "name": 1, "_id": 1})).await
    }

    /// The category of this name.
    pub async fn find_by(&self, key: &CategoryKey) -> Result<Option<Versioned<Category>>, StoreError> {
        Ok(self.collection.find_one(key.filter()).await?)
    }

    /// The category of this name with what is around it, in one command.
    pub async fn find_surroundings(&self, key: &CategoryKey) -> Result<Option<CategorySurroundings>, StoreError> {
        let related = |local: &str, foreign: &str, name: &str| {
            doc! {"$lookup": {"from": Category::COLLECTION, "localField": local, "foreignField": foreign, "as": name}}
        };
        let pipeline = [
            doc! {"$match": key.filter()},
            doc! {"$limit": 1},
            doc! {"$replaceWith": {"category": "$$ROOT"}},
            related("category._id", "parent", "children"),
            related("category.ancestors", "_id", "ancestors"),
        ];
        Ok(self.collection.aggregate(pipeline).with_type().await?.try_next().await?)
    }

    /// The category of this name, as the transaction sees it.
    pub async fn find_by_in(&self, tx: &mut Tx, key: &CategoryKey) -> Result<Option<Versioned<Category>>, StoreError> {
        Ok(self.collection.find_one(key.filter()).session(&mut tx.session).await?)
    }

    /// Finds a category and locks it until the transaction ends.
    pub async fn lock_in(&self, tx: &mut Tx, key: &CategoryKey) -> Result<Option<Versioned<Category>>, StoreError> {
        let touch = self.collection.find_one_and_update(key.filter(), doc! {"$inc": {"version": 1}});
        Ok(touch.return_document(ReturnDocument::After).session(&mut tx.session).await?)
    }

    /// Which of these slugs are taken, as the transaction sees it.
    pub async fn taken_slugs_in(&self, tx: &mut Tx, slugs: &[Slug]) -> Result<Vec<Slug>, StoreError> {
        let slugs: Vec<&str> = slugs.iter().map(Slug::as_str).collect();
        let mut cursor = self.collection.find(doc! {"slug": {"$in": slugs}}).session(&mut tx.session).await?;
        let mut taken = Vec::new();
        while let Some(category) = cursor.next(&mut tx.session).await {
            taken.push(category?.into_inner().slug);
        }
        Ok(taken)
    }

    /// Counts published products in or out (invariant I8).
    pub async fn count_products_in(&self, tx: &mut Tx, id: Id<Category>, change: i64) -> Result<(), StoreError> {
        let update = doc! {"$inc": {"productCount": change, "version": 1}};
        let result = self.collection.update_one(doc! {"_id": id}, update).session(&mut tx.session).await?;
        if result.matched_count == 1 { Ok(()) } else { Err(StoreError::Missing(format!("the category {id}"))) }
    }

    /// Whether the category has children.
    pub async fn has_children_in(&self, tx: &mut Tx, id: Id<Category>) -> Result<bool, StoreError> {
        Ok(self.collection.find_one(doc! {"parent": id}).session(&mut tx.session).await?.is_some())
    }

    /// Updates the descendants of a category that was moved or renamed: ancestors, path and level. It writes, and so locks,
    /// each of them.
    pub async fn update_descendants_in(
        &self,
        tx: &mut Tx,
        before: &Category,
        after: &Category,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let below = doc! {"ancestors": before.id, "_id": {"$ne": before.id}};
        let rest_of_path = doc! {"$substrBytes": ["$path", bytes(&before.path), -1]};
        let update = vec![doc! {"$set": {
            "ancestors": rebased("$ancestors", before, after),
            "path": {"$concat": [after.path.as_str(), rest_of_path]},
            "level": {"$add": ["$level", after.level.saturating_sub(before.level)]},
            "version": {"$add": ["$version", 1]},
            "updatedAt": now,
        }}];
        self.collection.update_many(below, update).session(&mut tx.session).await?;
        Ok(())
    }

    /// Removes a category.
    pub async fn remove_in(&self, tx: &mut Tx, id: Id<Category>) -> Result<(), StoreError> {
        self.collection.delete_one(doc! {"_id": id}).session(&mut tx.session).await?;
        Ok(())
    }
}

fn bytes(text: &str) -> i64 {
    i64::try_from(text.len()).unwrap_or(i64::MAX)
}

/// Deeper than any tree; `$slice` wants a number.
const DEEPEST: i64 = 1_000_000;

/// An expression: the list of ids in `field`, which begins with the way to `before`, beginning with the way to `after`.
pub(super) fn rebased(field: &str, before: &Category, after: &Category) -> Document {
    let depth = i64::try_from(before.ancestors.len()).unwrap_or(DEEPEST);
    doc! {"$concatArrays": [after.ancestors.clone(), {"$slice": [field, depth, DEEPEST]}]}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_category_is_named_by_id_slug_or_path() {
        let slug = |text: &str| Slug::try_new(text).unwrap();
        assert!(matches!(CategoryKey::parse("507f1f77bcf86cd799439011"), Some(CategoryKey::Id(_))));
        assert_eq!(CategoryKey::parse("beauty"), Some(CategoryKey::Slug(slug("beauty"))));
        assert_eq!(CategoryKey::parse("care/beauty"), Some(CategoryKey::Path(vec![slug("care"), slug("beauty")])));
        for text in ["", "/", "care/", "/care", "Care", "{\"$gt\":\"\"}"] {
            assert_eq!(CategoryKey::parse(text), None, "{text}");
        }
    }
}
