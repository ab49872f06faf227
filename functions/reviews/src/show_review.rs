//! `GET /v1/reviews/{id}`

use axum::{Json, extract::State};
use shared::{
    domain::review::Review,
    http::{App, PathId, Problem, Viewer},
};

use crate::{problems::ReviewProblem, view::ReviewView};

/// Retrieve a review
///
/// Reviews that are not approved are visible to their author and administrators only.
#[utoipa::path(get, path = "/v1/reviews/{id}", tag = "reviews", security((), ("bearer" = [])),
    params(("id" = String, Path)), responses((status = 200, body = ReviewView)))]
pub(crate) async fn show_review(
    Viewer(user): Viewer,
    PathId(id): PathId<Review>,
    State(app): State<App>,
) -> Result<Json<ReviewView>, Problem> {
    let is_visible =
        |review: &Review| review.counts() || user.is_some_and(|user| user.is_admin() || user.id == review.user);
    let review =
        app.store.reviews.find(id).await?.filter(|review| is_visible(review)).ok_or(ReviewProblem::NotFound)?;
    Ok(Json(review.into_inner().into()))
}
