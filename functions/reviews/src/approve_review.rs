//! `POST /v1/reviews/{id}/approve`

use axum::{Json, extract::State};
use shared::{
    app::change_review,
    domain::review::Review,
    http::{Admin, App, PathId, Problem},
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
    let review = change_review::approve_review(&app.store, id, app.clock.now()).await.map_err(ReviewProblem::from)?;
    Ok(Json(review.into_inner().into()))
}
