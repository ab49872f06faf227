//! Inputs that creating and updating a category share.

use serde::{Deserialize, Serialize};
use shared::{
    domain::category::CategoryMetadata,
    validation::{
        Field, Validate, Violations,
        rules::{entries, length, line, optional_line, optional_lines},
    },
};

/// The rules of a category's texts, for a new one and for a change.
pub(crate) fn check_texts(
    v: &mut Violations,
    name: &impl Field<str>,
    description: &impl Field<str>,
    parent: &impl Field<str>,
    [image, icon]: [&impl Field<str>; 2],
) {
    v.check("name", name, line(100));
    v.check("description", description, optional_lines(2000));
    v.check("parent", parent, length(0..=1000));
    v.check("image", image, optional_line(2048));
    v.check("icon", icon, optional_line(2048));
}

/// For search engines.
#[derive(Clone, Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct MetadataInput {
    #[serde(default)]
    seo_title: Option<String>,
    #[serde(default)]
    seo_description: Option<String>,
    #[serde(default)]
    keywords: Vec<String>,
}

impl Validate for MetadataInput {
    fn validate(&self, v: &mut Violations) {
        v.check("seoTitle", &self.seo_title, optional_line(200));
        v.check("seoDescription", &self.seo_description, optional_lines(500));
        v.check("keywords", &self.keywords, entries(0..=50));
        v.each("keywords", &self.keywords, line(50));
    }
}

impl From<MetadataInput> for CategoryMetadata {
    fn from(metadata: MetadataInput) -> Self {
        Self { seo_title: metadata.seo_title, seo_description: metadata.seo_description, keywords: metadata.keywords }
    }
}
