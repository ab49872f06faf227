//! `POST /v1/reviews/{id}/approve`

use axum::{Json, extract::State};
use shared::{
    domain::review::Review,
    http::{Admin, App, PathId, Problem},
    transaction,
};

use crate::{problems::ReviewProblem, view::ModeratedReview};

/// Approve a review
///
/// It becomes public and counts towards the rating. An order delivered since it was written verifies it. Idempotent.
#[utoipa::path(post, path = "/v1/reviews/{id}/approve", tag = "reviews", security(("bearer" = [])),
    params(("id" = String, Path)), responses((status = 200, body = ModeratedReview)))]
pub(crate) async fn approve_review(
    _: Admin,
    PathId(id): PathId<Review>,
    State(app): State<App>,
) -> Result<Json<ModeratedReview>, Problem> {
    let (now, store) = (app.clock.now(), &app.store);
    let review = transaction!(store, |tx| {
        let mut review = store.reviews.find_in(tx, id).await?.ok_or(ReviewProblem::NotFound)?;
        let (applied, change) = review.approve(now);
        if applied.was_executed() {
            if review.order.is_none() {
                let order = store.orders.find_delivered_of(review.user, review.product).await?;
                review.verify(order);
            }
            store.reviews.save_in(tx, &mut review).await?;
            store.products.change_rating_in(tx, review.product, change).await?;
        }
        Ok::<_, ReviewProblem>(review)
    })?;
    Ok(Json(review.into_inner().into()))
}
