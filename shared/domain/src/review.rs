//! What customers say about products.

use serde::{Deserialize, Serialize};

use super::{Id, Idempotent, Timestamp, order::Order, product::Product, user::User};

/// A review. A rating without text is a review without a comment.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Review {
    /// Its id.
    #[serde(rename = "_id")]
    pub id: Id<Review>,
    /// About which product; one review per customer and product.
    pub product: Id<Product>,
    /// By whom.
    pub user: Id<User>,
    /// The author's name as readers see it; a copy.
    pub author: Author,
    /// The delivered order that verifies the purchase.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order: Option<Id<Order>>,
    /// 1–5.
    pub rating: Rating,
    /// Headline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// URLs.
    pub images: Vec<String>,
    /// What is good.
    pub pros: Vec<String>,
    /// What is not.
    pub cons: Vec<String>,
    /// Whether an order proves the purchase.
    pub is_verified_purchase: bool,
    /// Who found it helpful.
    pub helpful: Helpful,
    /// Who reported it.
    pub reported: Reported,
    /// Whether the public sees it.
    pub status: ReviewStatus,
    /// The shop's answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub admin_reply: Option<AdminReply>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What the author of a review decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewContent {
    /// 1–5.
    pub rating: Rating,
    /// Headline.
    pub title: Option<String>,
    /// Text.
    pub comment: Option<String>,
    /// URLs.
    pub images: Vec<String>,
    /// What is good.
    pub pros: Vec<String>,
    /// What is not.
    pub cons: Vec<String>,
}

/// The author as readers see them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// Given name and initial.
    pub name: String,
    /// URL of the profile image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avatar: Option<String>,
}

impl Author {
    /// `Ada L.`: enough to tell reviewers apart, too little to find them.
    pub fn of(user: &User) -> Self {
        let initial = user.last_name.trim().chars().next().map(|initial| format!(" {initial}.")).unwrap_or_default();
        Self { name: format!("{}{initial}", user.first_name.trim()), avatar: user.avatar.clone() }
    }
}

/// One to five stars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(try_from = "i64", into = "i64")]
#[schema(value_type = i64)]
pub struct Rating(i64);

/// The number is not a rating.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("a rating is a whole number from 1 to 5")]
pub struct InvalidRating;

impl Rating {
    /// The stars.
    pub const fn stars(self) -> i64 {
        self.0
    }
}
impl TryFrom<i64> for Rating {
    type Error = InvalidRating;

    fn try_from(number: i64) -> Result<Self, InvalidRating> {
        if (1..=5).contains(&number) { Ok(Self(number)) } else { Err(InvalidRating) }
    }
}
impl From<Rating> for i64 {
    fn from(rating: Rating) -> Self {
        rating.0
    }
}

/// Who found a review helpful; one vote each.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Helpful {
    /// Always the number of voters.
    pub count: i64,
    /// Who voted.
    pub voters: Vec<Id<User>>,
}

/// Who reported a review, and why.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Reported {
    /// Always the number of reasons.
    pub count: i64,
    /// In their words.
    pub reasons: Vec<String>,
    /// Who reported; one report each.
    #[serde(default)]
    pub by: Vec<Id<User>>,
}

/// The shop's answer to a review.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AdminReply {
    /// The words.
    pub text: String,
    /// By whom.
    pub replied_by: Id<User>,
    /// When.
    pub replied_at: Timestamp,
}

/// Whether the public sees a review.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReviewStatus {
    /// Waits for a moderator.
    Pending,
    /// Counts.
    Approved,
    /// Does not count.
    Rejected,
}

impl ReviewStatus {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }
}

/// What a change of a review's state means for its product's rating.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RatingChange {
    /// Stars to add; negative to take away.
    pub sum: i64,
    /// Reviews to add; negative to take away.
    pub count: i64,
}

impl Review {
    /// A new review, which waits for a moderator. `order` is the delivered order that proves the purchase.
    pub fn new(
        product: Id<Product>,
        user: &User,
        order: Option<Id<Order>>,
        content: ReviewContent,
        now: Timestamp,
    ) -> Self {
        let ReviewContent { rating, title, comment, images, pros, cons } = content;
        Self {
            id: Id::new(),
            product,
            user: user.id,
            author: Author::of(user),
            order,
            rating,
            title,
            comment,
            images,
            pros,
            cons,
            is_verified_purchase: order.is_some(),
            helpful: Helpful::default(),
            reported: Reported::default(),
            status: ReviewStatus::Pending,
            admin_reply: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// What its author has decided.
    pub fn content(&self) -> ReviewContent {
        ReviewContent {
            rating: self.rating,
            title: self.title.clone(),
            comment: self.comment.clone(),
            images: self.images.clone(),
            pros: self.pros.clone(),
            cons: self.cons.clone(),
        }
    }

    /// Replaces what the author decided. What the public has not seen yet waits for a moderator again: otherwise a
    /// harmless text could be approved and then replaced.
    pub fn revise(&mut self, content: ReviewContent, now: Timestamp) -> (Idempotent, RatingChange) {
        if self.content() == content {
            return (Idempotent::AlreadyApplied, RatingChange { sum: 0, count: 0 });
        }
        let (_, change) = self.moderate(ReviewStatus::Pending, now);
        let ReviewContent { rating, title, comment, images, pros, cons } = content;
        (self.rating, self.title, self.comment) = (rating, title, comment);
        (self.images, self.pros, self.cons) = (images, pros, cons);
        self.updated_at = now;
        (Idempotent::Executed, change)
    }

    /// Records the delivered order that proves the purchase, if there is one.
    pub fn verify(&mut self, order: Option<Id<Order>>) {
        self.order = order.or(self.order);
        self.is_verified_purchase = self.order.is_some();
    }

    /// What its disappearance means for its product's rating.
    pub fn withdrawal(&self) -> RatingChange {
        if self.counts() {
            RatingChange { sum: -self.rating.stars(), count: -1 }
        } else {
            RatingChange { sum: 0, count: 0 }
        }
    }

    /// Lets the public see it.
    pub fn approve(&mut self, now: Timestamp) -> (Idempotent, RatingChange) {
        self.moderate(ReviewStatus::Approved, now)
    }

    /// Hides it from the public.
    pub fn reject(&mut self, now: Timestamp) -> (Idempotent, RatingChange) {
        self.moderate(ReviewStatus::Rejected, now)
    }

    fn moderate(&mut self, status: ReviewStatus, now: Timestamp) -> (Idempotent, RatingChange) {
        if self.status == status {
            return (Idempotent::AlreadyApplied, RatingChange { sum: 0, count: 0 });
        }
        let counted_before = self.counts();
        self.status = status;
        self.updated_at = now;
        let stars = self.rating.stars();
        let change = match (counted_before, self.counts()) {
            (false, true) => RatingChange { sum: stars, count: 1 },
            (true, false) => RatingChange { sum: -stars, count: -1 },
            _ => RatingChange { sum: 0, count: 0 },
        };
        (Idempotent::Executed, change)
    }

    /// Whether it counts towards the product's rating.
    pub fn counts(&self) -> bool {
        self.status == ReviewStatus::Approved
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::user::{PasswordHash, Role};

    const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);
    const NOTHING: RatingChange = RatingChange { sum: 0, count: 0 };

    fn content(stars: i64) -> ReviewContent {
        let rating = Rating::try_from(stars).unwrap();
        ReviewContent { rating, title: None, comment: None, images: vec![], pros: vec![], cons: vec![] }
    }

    fn review(stars: i64) -> Review {
        let email = crate::Email::try_new("ada@example.test").unwrap();
        let hash = PasswordHash::from_phc(String::new());
        let ada = User::new(email, hash, "Ada".to_owned(), "Lovelace".to_owned(), Role::Customer, NOW);
        Review::new(Id::new(), &ada, None, content(stars), NOW)
    }

    #[test]
    fn readers_see_a_given_name_and_an_initial() {
        assert_eq!(review(5).author.name, "Ada L.");
    }

    #[test]
    fn only_an_approved_review_counts_and_only_once() {
        let mut review = review(4);
        assert_eq!(review.approve(NOW), (Idempotent::Executed, RatingChange { sum: 4, count: 1 }));
        assert_eq!(review.approve(NOW), (Idempotent::AlreadyApplied, NOTHING));
        assert_eq!(review.reject(NOW), (Idempotent::Executed, RatingChange { sum: -4, count: -1 }));
        assert_eq!(review.reject(NOW), (Idempotent::AlreadyApplied, NOTHING));
        assert_eq!(review.withdrawal(), NOTHING);
    }

    #[test]
    fn a_review_that_was_changed_is_looked_at_again() {
        let mut review = review(5);
        let _ = review.approve(NOW);
        assert_eq!(review.revise(content(5), NOW), (Idempotent::AlreadyApplied, NOTHING));
        assert_eq!(review.status, ReviewStatus::Approved);
        assert_eq!(review.revise(content(1), NOW), (Idempotent::Executed, RatingChange { sum: -5, count: -1 }));
        assert_eq!((review.status, review.rating.stars()), (ReviewStatus::Pending, 1));
        assert_eq!(review.approve(NOW), (Idempotent::Executed, RatingChange { sum: 1, count: 1 }));
    }
}
