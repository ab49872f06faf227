//! `PATCH /v1/reviews/{id}`

use axum::{Json, extract::State};
use shared::{
    app::change_review,
    domain::review::Review,
    http::{App, CurrentUser, PathId, Problem, Valid},
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
    let change = |content| changes.applied_to(content);
    let updated = change_review::update_review(&app.store, id, user.id, change, app.clock.now()).await;
    let review = updated.map_err(ReviewProblem::from)?;
    Ok(Json(review.into_inner().into()))
}
