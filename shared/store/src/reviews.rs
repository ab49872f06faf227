//! `reviews`.
//!
//! Indexes: `(product, user)` unique, which is what makes a second review of a product impossible; for the public list
//! of a product, one per order: `(product, status, K, _id)` with `K` = `createdAt`, `helpful.count`, `rating`; for the
//! moderators and for the list of all products `(status, createdAt, _id)`; and `user`.

use std::ops::Deref;

use bson::{Bson, Document, doc};
use futures::TryStreamExt;
use mongodb::Database;
use serde::{Deserialize, Serialize};

use super::{Cursor, Documents, StoreError, Stored, Tx, keyset::SortOrder};
use shop_domain::{
    Id,
    product::Product,
    review::{Rating, Review, ReviewStatus},
    user::User,
};

/// The collection `reviews`.
#[derive(Clone, Debug)]
pub struct Reviews(Documents<Review>);

impl Stored for Review {
    const COLLECTION: &'static str = "reviews";

    fn id(&self) -> Id<Self> {
        self.id
    }
}

impl Deref for Reviews {
    type Target = Documents<Review>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

/// Which reviews. `None` is no restriction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReviewFilter {
    /// Of this status.
    pub status: ReviewStatus,
    /// Of this product.
    pub product: Option<Id<Product>>,
    /// With this many stars.
    pub rating: Option<Rating>,
    /// Proved by an order, or not.
    pub verified: Option<bool>,
    /// Complained about, or not.
    pub reported: Option<bool>,
}

impl ReviewFilter {
    /// All reviews of this status.
    pub const fn of_status(status: ReviewStatus) -> Self {
        Self { status, product: None, rating: None, verified: None, reported: None }
    }

    fn document(&self) -> Document {
        let mut filter = doc! {"status": self.status.as_str()};
        filter.extend(self.product.map(|product| ("product".to_owned(), Bson::from(product))));
        filter.extend(self.rating.map(|rating| ("rating".to_owned(), Bson::from(rating.stars()))));
        let reported = |reported: bool| {
            if reported {
                doc! {"$gt": 0}
            } else {
                doc! {"$eq": 0}
            }
        };
        filter.extend(self.reported.map(|yes| ("reported.count".to_owned(), Bson::from(reported(yes)))));
        filter.extend(self.verified.map(|verified| ("isVerifiedPurchase".to_owned(), Bson::from(verified))));
        filter
    }
}

/// The order of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ReviewSort {
    /// The newest first.
    Newest,
    /// The oldest first.
    Oldest,
    /// The most helpful first.
    Helpful,
    /// The worst first.
    Rating,
    /// The best first.
    RatingDescending,
}

impl ReviewSort {
    const fn order(self) -> SortOrder<Review> {
        match self {
            Self::Newest => SortOrder::descending("createdAt", |review| review.created_at.into()),
            Self::Oldest => SortOrder::ascending("createdAt", |review| review.created_at.into()),
            Self::Helpful => SortOrder::descending("helpful.count", |review| review.helpful.count.into()),
            Self::Rating => SortOrder::ascending("rating", |review| review.rating.stars().into()),
            Self::RatingDescending => SortOrder::descending("rating", |review| review.rating.stars().into()),
        }
    }

    /// The cursor that points at a review in a list of this order.
    pub fn cursor(self, review: &Review) -> Cursor<Self> {
        self.order().cursor(self, review, review.id)
    }
}

/// What became of a vote or a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voted {
    /// It counts, from now on or as before.
    Yes,
    /// One's own review cannot be voted for.
    Own,
    /// The public sees no such review.
    NoReview,
}

impl Reviews {
    pub(super) fn new(database: &Database) -> Self {
        Self(Documents::new(database))
    }

    /// A page of a list, behind `after`, which has the same order.
    pub async fn list(
        &self,
        filter: &ReviewFilter,
        sort: ReviewSort,
        after: Option<&Cursor<ReviewSort>>,
        limit: i64,
    ) -> Result<Vec<Review>, StoreError> {
        let mut all_of = vec![filter.document()];
        all_of.extend(after.map(|cursor| sort.order().after(cursor)));
        let find = self.collection.find(doc! {"$and": all_of}).sort(sort.order().sort()).limit(limit);
        self.collect(find).await
    }

    /// How many reviews there are on all pages.
    pub async fn count(&self, filter: &ReviewFilter) -> Result<u64, StoreError> {
        Ok(self.collection.count_documents(filter.document()).await?)
    }

    /// How many approved reviews there are with one star, with two, … with five, whatever else the list filters by.
    pub async fn histogram(&self, product: Option<Id<Product>>) -> Result<[i64; 5], StoreError> {
        let counted = ReviewFilter { product, ..ReviewFilter::of_status(ReviewStatus::Approved) };
        let pipeline =
            [doc! {"$match": counted.document()}, doc! {"$group": {"_id": "$rating", "count": {"$sum": 1_i64}}}];
        let mut bars = self.collection.aggregate(pipeline).with_type::<Bar>().await?;
        let mut histogram = [0; 5];
        while let Some(bar) = bars.try_next().await? {
            let column = usize::try_from(bar.rating.stars()).unwrap_or_default().saturating_sub(1);
            histogram[column] = bar.count;
        }
        Ok(histogram)
    }

    /// Removes a review.
    pub async fn remove_in(&self, tx: &mut Tx, review: Id<Review>) -> Result<(), StoreError> {
        self.collection.delete_one(doc! {"_id": review}).session(&mut tx.session).await?;
        Ok(())
    }

    /// Counts a customer's vote for an approved review, once.
    pub async fn vote(&self, review: Id<Review>, voter: Id<User>) -> Result<Voted, StoreError> {
        let update = doc! {"$push": {"helpful.voters": voter}, "$inc": {"helpful.count": 1_i64, "version": 1_i64}};
        self.change_once(review, voter, doc! {"user": {"$ne": voter}, "helpful.voters": {"$ne": voter}}, update).await
    }

    /// Removes a customer's vote, if there is one.
    pub async fn unvote(&self, review: Id<Review>, voter: Id<User>) -> Result<Voted, StoreError> {
        let update = doc! {"$pull": {"helpful.voters": voter}, "$inc": {"helpful.count": -1_i64, "version": 1_i64}};
        self.change_once(review, voter, doc! {"helpful.voters": voter}, update).await
    }

    /// Records a customer's report of an approved review, once.
    pub async fn report(&self, review: Id<Review>, by: Id<User>, reason: &str) -> Result<Voted, StoreError> {
        let update = doc! {
            "$push": {"reported.by": by, "reported.reasons": reason},
            "$inc": {"reported.count": 1_i64, "version": 1_i64},
        };
        self.change_once(review, by, doc! {"user": {"$ne": by}, "reported.by": {"$ne": by}}, update).await
    }

    /// Applies `update` if `guard` matches; the counters are contended, so the database decides.
    async fn change_once(
        &self,
        review: Id<Review>,
        who: Id<User>,
        guard: Document,
        update: Document,
    ) -> Result<Voted, StoreError> {
        let public = doc! {"_id": review, "status": ReviewStatus::Approved.as_str()};
        let result = self.collection.update_one(doc! {"$and": [public.clone(), guard]}, update).await?;
        if result.matched_count == 1 {
            return Ok(Voted::Yes);
        }
        Ok(match self.collection.find_one(public).await? {
            None => Voted::NoReview,
            Some(found) if found.user == who => Voted::Own,
            Some(_) => Voted::Yes,
        })
    }
}

#[derive(Deserialize)]
struct Bar {
    #[serde(rename = "_id")]
    rating: Rating,
    count: i64,
}
