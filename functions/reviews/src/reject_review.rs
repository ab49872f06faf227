//! `POST /v1/reviews/{id}/reject`

use axum::{Json, extract::State};
use shared::{
    domain::review::Review,
    http::{Admin, App, PathId, Problem},
    transaction,
};

use crate::{problems::ReviewProblem, view::ModeratedReview};

/// Reject a review
///
/// It is hidden and no longer counts. Idempotent.
#[utoipa::path(post, path = "/v1/reviews/{id}/reject", tag = "reviews", security(("bearer" = [])),
    params(("id" = String, Path)), responses((status = 200, body = ModeratedReview)))]
pub(crate) async fn reject_review(
    _: Admin,
    PathId(id): PathId<Review>,
    State(app): State<App>,
) -> Result<Json<ModeratedReview>, Problem> {
    let (now, store) = (app.clock.now(), &app.store);
    let review = transaction!(store, |tx| {
        let mut review = store.reviews.find_in(tx, id).await?.ok_or(ReviewProblem::NotFound)?;
        let (applied, change) = review.reject(now);
        if applied.was_executed() {
            store.reviews.save_in(tx, &mut review).await?;
            store.products.change_rating_in(tx, review.product, change).await?;
        }
        Ok::<_, ReviewProblem>(review)
    })?;
    Ok(Json(review.into_inner().into()))
}
