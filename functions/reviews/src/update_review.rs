//! `PATCH /v1/reviews/{id}`

use axum::{Json, extract::State};
use shared::{
    domain::review::Review,
    http::{App, CurrentUser, PathId, Problem, Valid},
    transaction,
};

use crate::{input::UpdateReview, problems::ReviewProblem, view::ReviewView};

/// Update a review
///
/// Customers update their own review. A changed review waits for moderation again and does not count meanwhile.
#[utoipa::path(patch, path = "/v1/reviews/{id}", tag = "reviews", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = UpdateReview, responses((status = 200, body = ReviewView)))]
pub(crate) async fn update_review(
    user: CurrentUser,
    PathId(id): PathId<Review>,
    State(app): State<App>,
    Valid(changes): Valid<UpdateReview>,
) -> Result<Json<ReviewView>, Problem> {
    let (now, store) = (app.clock.now(), &app.store);
    let review = transaction!(store, |tx| {
        let found = store.reviews.find_in(tx, id).await?.filter(|review| review.user == user.id);
        let mut review = found.ok_or(ReviewProblem::NotFound)?;
        let content = changes.applied_to(review.content());
        let (applied, change) = review.revise(content, now);
        if applied.was_executed() {
            store.reviews.save_in(tx, &mut review).await?;
            store.products.change_rating_in(tx, review.product, change).await?;
        }
        Ok::<_, ReviewProblem>(review)
    })?;
    Ok(Json(review.into_inner().into()))
}
