//! The tree that products hang in.

use serde::{Deserialize, Serialize};

use super::{Id, Slug, Timestamp};

/// A node of the category tree.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Category {
    /// Its id.
    #[serde(rename = "_id")]
    pub id: Id<Category>,
    /// Unique among its siblings.
    pub name: String,
    /// Unique in the shop.
    pub slug: Slug,
    /// What belongs in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The node above; `None` at the root.
    pub parent: Option<Id<Category>>,
    /// The ids from the root down to and including this node: a subtree is one indexed query.
    pub ancestors: Vec<Id<Category>>,
    /// The slugs from the root down, joined by `/`.
    pub path: String,
    /// Depth; 0 at the root.
    pub level: i32,
    /// Place among its siblings.
    pub order: i32,
    /// URL of an image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Icon class or URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// Hidden from the tree when false.
    pub is_active: bool,
    /// For search engines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<CategoryMetadata>,
    /// Published products directly in it.
    pub product_count: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What search engines read about a category.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CategoryMetadata {
    /// Title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seo_title: Option<String>,
    /// Description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seo_description: Option<String>,
    /// Keywords.
    #[serde(default)]
    pub keywords: Vec<String>,
}

impl Category {
    /// A new, active, empty node below `parent`.
    pub fn new(name: String, slug: Slug, parent: Option<&Self>, now: Timestamp) -> Self {
        let id = Id::new();
        let mut category = Self {
            id,
            name,
            path: String::new(),
            slug,
            description: None,
            parent: None,
            ancestors: Vec::new(),
            level: 0,
            order: 0,
            image: None,
            icon: None,
            is_active: true,
            metadata: None,
            product_count: 0,
            created_at: now,
            updated_at: now,
        };
        category.set_parent(parent);
        category
    }

    /// Moves the node below `parent` (to the root if `None`): sets everything that follows from the place.
    pub fn set_parent(&mut self, parent: Option<&Self>) {
        self.parent = parent.map(|parent| parent.id);
        self.ancestors = parent.map(|parent| parent.ancestors.clone()).unwrap_or_default();
        self.ancestors.push(self.id);
        self.level = parent.map_or(0, |parent| parent.level + 1);
        self.path = match parent {
            Some(parent) => format!("{}/{}", parent.path, self.slug),
            None => self.slug.to_string(),
        };
    }

    /// Whether `other` is this node or somewhere below it; moving a node below itself would cut the tree.
    pub fn contains(&self, other: &Self) -> bool {
        other.ancestors.contains(&self.id)
    }
}
