//! `DELETE /v1/reviews/{id}`

use axum::{extract::State, http::StatusCode};
use shared::{
    domain::review::Review,
    http::{App, CurrentUser, PathId, Problem},
    transaction,
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
    let store = &app.store;
    transaction!(store, |tx| {
        let found = store.reviews.find_in(tx, id).await?.filter(|review| review.user == user.id);
        let review = found.ok_or(ReviewProblem::NotFound)?;
        store.reviews.remove_in(tx, id).await?;
        store.products.change_rating_in(tx, review.product, review.withdrawal()).await?;
        Ok::<_, ReviewProblem>(())
    })?;
    Ok(StatusCode::NO_CONTENT)
}
