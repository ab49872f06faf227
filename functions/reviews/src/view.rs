//! Reviews in answers.

use serde::Serialize;
use shared::domain::{
    Id, Timestamp,
    order::Order,
    product::{Product, Ratings},
    review::{AdminReply, Author, Rating, Review, ReviewStatus},
    user::User,
};

/// A review.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReviewView {
    #[schema(value_type = String)]
    id: Id<Review>,
    #[schema(value_type = String)]
    product: Id<Product>,
    author: AuthorView,
    rating: Rating,
    title: Option<String>,
    comment: Option<String>,
    images: Vec<String>,
    pros: Vec<String>,
    cons: Vec<String>,
    /// Whether a delivered order verifies the purchase.
    is_verified_purchase: bool,
    helpful: HelpfulView,
    status: ReviewStatus,
    /// The shop's reply.
    admin_reply: Option<ReplyView>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// The author, as shown publicly.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct AuthorView {
    /// Given name and initial.
    name: String,
    avatar: Option<String>,
}

impl From<Author> for AuthorView {
    fn from(author: Author) -> Self {
        Self { name: author.name, avatar: author.avatar }
    }
}

/// Helpful votes.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct HelpfulView {
    count: i64,
}

/// The shop's reply.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct ReplyView {
    text: String,
    replied_at: Timestamp,
}

impl From<AdminReply> for ReplyView {
    fn from(reply: AdminReply) -> Self {
        Self { text: reply.text, replied_at: reply.replied_at }
    }
}

impl From<Review> for ReviewView {
    fn from(review: Review) -> Self {
        Self {
            id: review.id,
            product: review.product,
            author: review.author.into(),
            rating: review.rating,
            title: review.title,
            comment: review.comment,
            images: review.images,
            pros: review.pros,
            cons: review.cons,
            is_verified_purchase: review.is_verified_purchase,
            helpful: HelpfulView { count: review.helpful.count },
            status: review.status,
            admin_reply: review.admin_reply.map(ReplyView::from),
            created_at: review.created_at,
            updated_at: review.updated_at,
        }
    }
}

/// A review in answers to moderators.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ModeratedReview {
    #[serde(flatten)]
    review: ReviewView,
    /// The author.
    #[schema(value_type = String)]
    user: Id<User>,
    /// The order that verifies the purchase.
    #[schema(value_type = Option<String>)]
    order: Option<Id<Order>>,
    reported: ReportedView,
}

/// Reasons of the reports.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct ReportedView {
    count: i64,
    reasons: Vec<String>,
}

impl From<Review> for ModeratedReview {
    fn from(review: Review) -> Self {
        Self {
            user: review.user,
            order: review.order,
            reported: ReportedView { count: review.reported.count, reasons: review.reported.reasons.clone() },
            review: review.into(),
        }
    }
}

/// A summary of approved reviews.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ReviewSummary {
    /// 1 to 5; 0 without reviews.
    average: f64,
    count: i64,
    histogram: Histogram,
}

/// The number of reviews by stars.
#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Histogram {
    #[serde(rename = "1")]
    one: i64,
    #[serde(rename = "2")]
    two: i64,
    #[serde(rename = "3")]
    three: i64,
    #[serde(rename = "4")]
    four: i64,
    #[serde(rename = "5")]
    five: i64,
}

impl ReviewSummary {
    /// The summary of the numbers of reviews with one to five stars.
    pub(crate) fn of([one, two, three, four, five]: [i64; 5]) -> Self {
        let stars = [(1_i64, one), (2, two), (3, three), (4, four), (5, five)];
        let sum = stars.iter().map(|(stars, reviews)| stars.saturating_mul(*reviews)).fold(0, i64::saturating_add);
        let count = stars.iter().map(|(_, reviews)| *reviews).fold(0, i64::saturating_add);
        let Ratings { average, .. } = Ratings::from_sum(sum, count);
        Self { average, count, histogram: Histogram { one, two, three, four, five } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_what_its_histogram_says() {
        let summary = ReviewSummary::of([1, 0, 0, 0, 2]);
        assert_eq!((summary.average, summary.count), (3.67, 3));
        let nothing = ReviewSummary::of([0; 5]);
        assert_eq!((nothing.average, nothing.count), (0.0, 0));
    }
}
