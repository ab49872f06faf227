//! Inputs that creating and updating a category share.

use serde::{Deserialize, Serialize};
use shared::{
    domain::category::CategoryMetadata,
    validation::{
        Validate, Violations,
        rules::{entries, line, optional_line, optional_lines},
    },
};

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
