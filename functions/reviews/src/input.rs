//! The requests that create and update reviews.

use serde::Deserialize;
use shared::{
    domain::{
        Id,
        product::Product,
        review::{Rating, ReviewContent},
    },
    validation::{
        Field, Validate, Violations,
        patch::present,
        rules::{entries, https_url, line, optional_lines},
    },
};

/// The rules of a review's text, for a new one and for a change.
fn check_content(
    v: &mut Violations,
    title: &impl Field<str>,
    comment: &impl Field<str>,
    images: &impl Field<[String]>,
    [pros, cons]: [&impl Field<[String]>; 2],
) {
    v.check("title", title, line(200));
    v.check("comment", comment, optional_lines(5000));
    v.check("images", images, entries(0..=10));
    v.each("images", images, https_url);
    for (name, points) in [("pros", pros), ("cons", cons)] {
        v.check(name, points, entries(0..=20));
        v.each(name, points, line(200));
    }
}

/// A new review.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CreateReview {
    #[schema(value_type = String)]
    pub(crate) product_id: Id<Product>,
    /// 1 to 5.
    rating: Rating,
    title: Option<String>,
    comment: Option<String>,
    /// `https://…`
    #[serde(default)]
    images: Vec<String>,
    /// Advantages.
    #[serde(default)]
    pros: Vec<String>,
    /// Disadvantages.
    #[serde(default)]
    cons: Vec<String>,
}

impl Validate for CreateReview {
    fn validate(&self, v: &mut Violations) {
        check_content(v, &self.title, &self.comment, &self.images, [&self.pros, &self.cons]);
    }
}

impl From<CreateReview> for ReviewContent {
    fn from(review: CreateReview) -> Self {
        let CreateReview { product_id: _, rating, title, comment, images, pros, cons } = review;
        Self { rating, title, comment, images, pros, cons }
    }
}

/// Absent fields stay unchanged, null clears optional ones.
#[derive(Clone, Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct UpdateReview {
    /// 1 to 5.
    #[serde(deserialize_with = "present")]
    rating: Option<Rating>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    title: Option<Option<String>>,
    #[serde(deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    comment: Option<Option<String>>,
    /// All of them.
    #[serde(deserialize_with = "present")]
    images: Option<Vec<String>>,
    /// All of them.
    #[serde(deserialize_with = "present")]
    pros: Option<Vec<String>>,
    /// All of them.
    #[serde(deserialize_with = "present")]
    cons: Option<Vec<String>>,
}

impl Validate for UpdateReview {
    fn validate(&self, v: &mut Violations) {
        check_content(v, &self.title, &self.comment, &self.images, [&self.pros, &self.cons]);
    }
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
