//! The requests that create and update reviews.

use garde::Validate;
use serde::Deserialize;
use shared::{
    domain::{
        Id,
        patch::present,
        product::Product,
        review::{Rating, ReviewContent},
    },
    http::rules::{line, lines, web_address},
};

/// A new review.
#[derive(Debug, Deserialize, Validate, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub(crate) struct CreateReview {
    #[schema(value_type = String)]
    pub(crate) product_id: Id<Product>,
    /// 1 to 5.
    rating: Rating,
    #[garde(inner(custom(line(200))))]
    title: Option<String>,
    #[garde(inner(custom(lines(5000))))]
    comment: Option<String>,
    /// `https://…`
    #[garde(length(max = 10), inner(custom(web_address)))]
    #[serde(default)]
    images: Vec<String>,
    /// Advantages.
    #[garde(length(max = 20), inner(custom(line(200))))]
    #[serde(default)]
    pros: Vec<String>,
    /// Disadvantages.
    #[garde(length(max = 20), inner(custom(line(200))))]
    #[serde(default)]
    cons: Vec<String>,
}

impl From<CreateReview> for ReviewContent {
    fn from(review: CreateReview) -> Self {
        let CreateReview { product_id: _, rating, title, comment, images, pros, cons } = review;
        Self { rating, title, comment, images, pros, cons }
    }
}

/// Absent fields stay unchanged, null clears optional ones.
#[derive(Clone, Debug, Default, Deserialize, Validate, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[garde(allow_unvalidated)]
pub(crate) struct UpdateReview {
    /// 1 to 5.
    #[serde(deserialize_with = "present")]
    rating: Option<Rating>,
    #[garde(inner(inner(custom(line(200)))))]
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    title: Option<Option<String>>,
    #[garde(inner(inner(custom(lines(5000)))))]
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    comment: Option<Option<String>>,
    /// All of them.
    #[garde(length(max = 10), inner(inner(custom(web_address))))]
    #[serde(deserialize_with = "present")]
    images: Option<Vec<String>>,
    /// All of them.
    #[garde(length(max = 20), inner(inner(custom(line(200)))))]
    #[serde(deserialize_with = "present")]
    pros: Option<Vec<String>>,
    /// All of them.
    #[garde(length(max = 20), inner(inner(custom(line(200)))))]
    #[serde(deserialize_with = "present")]
    cons: Option<Vec<String>>,
}

impl UpdateReview {
    /// The text of the review after the change.
    pub(crate) fn applied_to(&self, content: ReviewContent) -> ReviewContent {
        let changes = self.clone();
        ReviewContent {
            rating: changes.rating.unwrap_or(content.rating),
            title: changes.title.unwrap_or(content.title),
            comment: changes.comment.unwrap_or(content.comment),
            images: changes.images.unwrap_or(content.images),
            pros: changes.pros.unwrap_or(content.pros),
            cons: changes.cons.unwrap_or(content.cons),
        }
    }
}
