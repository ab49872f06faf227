//! Views that several reports share.

use serde::Serialize;
use shared::domain::{Id, Slug, product::Product};

/// A product, by name.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ReportedProduct)]
pub(crate) struct ReportedProductView {
    #[schema(value_type = String)]
    pub(super) id: Id<Product>,
    /// Null if the product is gone.
    pub(super) slug: Option<Slug>,
    pub(super) name: String,
}
