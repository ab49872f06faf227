//! `POST /v1/reviews/{id}/reject`

use axum::{Json, extract::State};
use shared::{
    app::change_review,
    domain::review::Review,
    http::{Admin, App, PathId, Problem},
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
    let review = change_review::reject_review(&app.store, id, app.clock.now()).await.map_err(ReviewProblem::from)?;
    Ok(Json(review.into_inner().into()))
}
