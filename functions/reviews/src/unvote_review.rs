//! `DELETE /v1/reviews/{id}/helpful`

use axum::{extract::State, http::StatusCode};
use shared::{
    domain::review::Review,
    http::{App, CurrentUser, PathId, Problem},
};

use crate::problems::counted;

/// Remove a helpful vote
///
/// Idempotent.
#[utoipa::path(delete, path = "/v1/reviews/{id}/helpful", tag = "reviews", security(("bearer" = [])),
    params(("id" = String, Path)), responses((status = 204)))]
pub(crate) async fn unvote_review(
    user: CurrentUser,
    PathId(id): PathId<Review>,
    State(app): State<App>,
) -> Result<StatusCode, Problem> {
    counted(app.store.reviews.unvote(id, user.id).await?)?;
    Ok(StatusCode::NO_CONTENT)
}
