//! A review is moderated, updated or deleted, and its product's rating changes in the same transaction (invariant I8).

use shop_domain::{
    Id, Idempotent, Timestamp,
    review::{RatingChange, Review, ReviewContent},
    user::User,
};
use shop_store::{Store, StoreError, TransactionError, Tx, Versioned, transaction};

/// Why a review was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeReviewError {
    /// It does not exist, or is not that author's.
    #[error("there is no such review")]
    NotFound,
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl TransactionError for ChangeReviewError {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Store(error) = self { Some(error) } else { None }
    }
}

/// Approves a review. An order delivered since it was written verifies it.
pub async fn approve_review(
    store: &Store,
    id: Id<Review>,
    now: Timestamp,
) -> Result<Versioned<Review>, ChangeReviewError> {
    transaction!(store, |tx| {
        let mut review = store.reviews.find_in(tx, id).await?.ok_or(ChangeReviewError::NotFound)?;
        let (applied, change) = review.approve(now);
        if applied.was_executed() && review.order.is_none() {
            let order = store.orders.find_delivered_of(review.user, review.product).await?;
            review.verify(order);
        }
        save_if(store, tx, applied, &mut review, change).await?;
        Ok(review)
    })
}

/// Rejects a review.
pub async fn reject_review(
    store: &Store,
    id: Id<Review>,
    now: Timestamp,
) -> Result<Versioned<Review>, ChangeReviewError> {
    transaction!(store, |tx| {
        let mut review = store.reviews.find_in(tx, id).await?.ok_or(ChangeReviewError::NotFound)?;
        let (applied, change) = review.reject(now);
        save_if(store, tx, applied, &mut review, change).await?;
        Ok(review)
    })
}

/// Updates a review of this author; `change` makes the new content of the present one.
pub async fn update_review(
    store: &Store,
    id: Id<Review>,
    author: Id<User>,
    change: impl Fn(ReviewContent) -> ReviewContent,
    now: Timestamp,
) -> Result<Versioned<Review>, ChangeReviewError> {
    transaction!(store, |tx| {
        let mut review = find_of(store, tx, id, author).await?;
        let content = change(review.content());
        let (applied, change) = review.revise(content, now);
        save_if(store, tx, applied, &mut review, change).await?;
        Ok(review)
    })
}

/// Deletes a review of this author.
pub async fn delete_review(store: &Store, id: Id<Review>, author: Id<User>) -> Result<(), ChangeReviewError> {
    transaction!(store, |tx| {
        let review = find_of(store, tx, id, author).await?;
        store.reviews.remove_in(tx, id).await?;
        store.products.change_rating_in(tx, review.product, review.withdrawal()).await?;
        Ok(())
    })
}

async fn find_of(
    store: &Store,
    tx: &mut Tx,
    id: Id<Review>,
    author: Id<User>,
) -> Result<Versioned<Review>, ChangeReviewError> {
    let found = store.reviews.find_in(tx, id).await?;
    found.filter(|review| review.user == author).ok_or(ChangeReviewError::NotFound)
}

/// Saves the review and changes the rating, unless the command was applied already.
async fn save_if(
    store: &Store,
    tx: &mut Tx,
    applied: Idempotent,
    review: &mut Versioned<Review>,
    change: RatingChange,
) -> Result<(), StoreError> {
    if applied.was_executed() {
        store.reviews.save_in(tx, review).await?;
        store.products.change_rating_in(tx, review.product, change).await?;
    }
    Ok(())
}
