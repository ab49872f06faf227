//! `PUT /v1/reviews/{id}/helpful`

use axum::{extract::State, http::StatusCode};
use shared::{
    domain::review::Review,
    http::{App, CurrentUser, PathId, Problem},
};

use crate::problems::counted;

/// Mark a review as helpful
///
/// One vote per user, none on the own review. Idempotent.
#[utoipa::path(put, path = "/v1/reviews/{id}/helpful", tag = "reviews", security(("bearer" = [])),
    params(("id" = String, Path)), responses((status = 204)))]
pub(crate) async fn vote_review(
    user: CurrentUser,
    PathId(id): PathId<Review>,
    State(app): State<App>,
) -> Result<StatusCode, Problem> {
    counted(app.store.reviews.vote(id, user.id).await?)?;
    Ok(StatusCode::NO_CONTENT)
}
