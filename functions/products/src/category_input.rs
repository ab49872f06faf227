//! Inputs that creating and updating a category share.

use garde::Validate;
use serde::{Deserialize, Serialize};
use shared::{domain::category::CategoryMetadata, store::StoreError};

use crate::problems::CatalogueProblem;

/// For search engines.
#[derive(Clone, Debug, Deserialize, Serialize, Validate, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct MetadataInput {
    #[garde(length(chars, max = 200))]
    #[serde(default)]
    seo_title: Option<String>,
    #[garde(length(chars, max = 500))]
    #[serde(default)]
    seo_description: Option<String>,
    #[garde(length(max = 50), inner(length(chars, min = 1, max = 50)))]
    #[serde(default)]
    keywords: Vec<String>,
}

impl From<MetadataInput> for CategoryMetadata {
    fn from(metadata: MetadataInput) -> Self {
        Self { seo_title: metadata.seo_title, seo_description: metadata.seo_description, keywords: metadata.keywords }
    }
}

/// The problem of a failed write. A conflict on a generated slug is retried with another one.
pub(crate) fn refused(error: StoreError, slug_is_given: bool) -> CatalogueProblem {
    if error.is_duplicate_of("slug_") && !slug_is_given {
        StoreError::Conflict(None).into()
    } else if error.is_duplicate_of("slug_") {
        CatalogueProblem::CategorySlugTaken
    } else if error.is_duplicate_of("parent_") {
        CatalogueProblem::CategoryNameTaken
    } else {
        error.into()
    }
}
