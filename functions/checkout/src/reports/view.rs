//! Views that several reports share.

use serde::Serialize;
use shared::{
    domain::{Id, Slug, product::Product},
    http::{Problem, query::invalid},
};

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

/// The number of rows, within the limit of the report.
pub(super) fn checked_limit(asked: Option<i64>, usual: i64, most: i64) -> Result<i64, Problem> {
    match asked.unwrap_or(usual) {
        limit if (1..=most).contains(&limit) => Ok(limit),
        _ => Err(invalid("limit", format!("must be from 1 to {most}"))),
    }
}
