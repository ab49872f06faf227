//! The requests that create and update reviews.

use serde::Deserialize;
use shared::{
    domain::{
        Id,
        product::Product,
        review::{Rating, ReviewContent},
    },
    validation::{
        Validate, Violations,
        patch::present,
        rules::{entries, https_url, line, optional_lines},
    },
};

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
        v.check("title", &self.title, line(200));
        v.check("comment", &self.comment, optional_lines(5000));
        v.check("images", &self.images, entries(0..=10));
        v.each("images", &self.images, https_url);
        for (name, points) in [("pros", &self.pros), ("cons", &self.cons)] {
            v.check(name, points, entries(0..=20));
            v.each(name, points, line(200));
        }
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
        v.check("title", &self.title, line(200));
        v.check("comment", &self.comment, optional_lines(5000));
        v.check("images", &self.images, entries(0..=10));
        v.each("images", &self.images, https_url);
        for (name, points) in [("pros", &self.pros), ("cons", &self.cons)] {
            v.check(name, points, entries(0..=20));
            v.each(name, points, line(200));
        }
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
