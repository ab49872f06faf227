//! `DELETE /v1/reviews/{id}`

use axum::{extract::State, http::StatusCode};
use shared::{
    app::change_review,
    domain::review::Review,
    http::{App, CurrentUser, PathId, Problem},
};

use crate::problems::ReviewProblem;

/// Delete a review
///
/// Customers delete their own review.
#[utoipa::path(delete, path = "/v1/reviews/{id}", tag = "reviews", security(("bearer" = [])),
    params(("id" = String, Path)), responses((status = 204)))]
pub(crate) async fn delete_review(
    user: CurrentUser,
    PathId(id): PathId<Review>,
    State(app): State<App>,
) -> Result<StatusCode, Problem> {
    change_review::delete_review(&app.store, id, user.id).await.map_err(ReviewProblem::from)?;
    Ok(StatusCode::NO_CONTENT)
}
