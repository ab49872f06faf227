//! Categories in answers.

use std::collections::BTreeMap;

use serde::Serialize;
use shared::domain::{
    Id, Slug,
    category::{Category, CategoryMetadata},
};

use crate::view::CategoryReference;

/// A category.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CategoryView {
    #[schema(value_type = String)]
    id: Id<Category>,
    name: String,
    slug: Slug,
    description: Option<String>,
    /// The parent; null for a root.
    #[schema(value_type = Option<String>)]
    parent: Option<Id<Category>>,
    /// The slugs from the root down, joined by `/`.
    path: String,
    /// Depth; 0 at the root.
    level: i32,
    /// Position among its siblings.
    order: i32,
    image: Option<String>,
    icon: Option<String>,
    is_active: bool,
    metadata: Option<MetadataView>,
    /// Published products directly in it.
    product_count: i64,
}

/// What search engines read about a category.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CategoryMetadata)]
pub(crate) struct MetadataView {
    /// Title.
    #[serde(skip_serializing_if = "Option::is_none")]
    seo_title: Option<String>,
    /// Description.
    #[serde(skip_serializing_if = "Option::is_none")]
    seo_description: Option<String>,
    /// Keywords.
    #[schema(required = false)]
    keywords: Vec<String>,
}

impl From<CategoryMetadata> for MetadataView {
    fn from(metadata: CategoryMetadata) -> Self {
        Self { seo_title: metadata.seo_title, seo_description: metadata.seo_description, keywords: metadata.keywords }
    }
}

/// A category with its descendants.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CategoryTree {
    #[serde(flatten)]
    category: CategoryView,
    #[schema(no_recursion)]
    children: Vec<CategoryTree>,
}

/// A category with its children and ancestors.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CategoryDetail {
    #[serde(flatten)]
    category: CategoryView,
    /// The direct children.
    children: Vec<CategoryView>,
    /// The path from the root, including the category itself.
    breadcrumb: Vec<CategoryReference>,
}

impl From<Category> for CategoryView {
    fn from(category: Category) -> Self {
        Self {
            id: category.id,
            name: category.name,
            slug: category.slug,
            description: category.description,
            parent: category.parent,
            path: category.path,
            level: category.level,
            order: category.order,
            image: category.image,
            icon: category.icon,
            is_active: category.is_active,
            metadata: category.metadata.map(MetadataView::from),
            product_count: category.product_count,
        }
    }
}

impl CategoryTree {
    /// Builds the trees of these nodes; a node whose parent is missing is omitted. Siblings keep the order of the list.
    pub(crate) fn tree_of(categories: Vec<Category>) -> Vec<Self> {
        let mut by_parent: BTreeMap<Option<Id<Category>>, Vec<Category>> = BTreeMap::new();
        for category in categories {
            by_parent.entry(category.parent).or_default().push(category);
        }
        Self::below(None, &mut by_parent)
    }

    fn below(parent: Option<Id<Category>>, by_parent: &mut BTreeMap<Option<Id<Category>>, Vec<Category>>) -> Vec<Self> {
        let children = by_parent.remove(&parent).unwrap_or_default();
        let tree = |category: Category| {
            let children = Self::below(Some(category.id), by_parent);
            Self { category: category.into(), children }
        };
        children.into_iter().map(tree).collect()
    }
}

impl CategoryDetail {
    /// `ancestors` begin at the root and end with the category itself.
    pub(crate) fn new(category: Category, children: Vec<Category>, ancestors: &[Category]) -> Self {
        Self {
            category: category.into(),
            children: children.into_iter().map(CategoryView::from).collect(),
            breadcrumb: ancestors.iter().map(CategoryReference::from).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use shared::domain::Timestamp;

    use super::*;

    fn category(name: &str, parent: Option<&Category>) -> Category {
        Category::new(name.to_owned(), Slug::from_name(name), parent, Timestamp::from_millis(0))
    }

    fn outline(trees: &[CategoryTree]) -> String {
        let branch = |tree: &CategoryTree| format!("{}({})", tree.category.slug, outline(&tree.children));
        trees.iter().map(branch).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_tree_is_built_from_its_nodes_without_orphans() {
        let care = category("Care", None);
        let beauty = category("Beauty", Some(&care));
        let nails = category("Nails", Some(&beauty));
        let home = category("Home", None);
        assert_eq!(
            outline(&CategoryTree::tree_of(vec![care.clone(), home, beauty, nails.clone()])),
            "care(beauty(nails())) home()"
        );
        assert_eq!(outline(&CategoryTree::tree_of(vec![care, nails])), "care()");
    }
}
