//! `POST /v1/reviews`

use axum::{
    Json,
    extract::State,
    http::{HeaderName, StatusCode, header},
};
use shared::{
    domain::review::Review,
    http::{App, CurrentUser, Problem, ProblemCode, Valid},
};

use crate::{input::CreateReview, problems::ReviewProblem, view::ReviewView};

/// Create a review
///
/// One per customer and product. It waits for moderation; a delivered order of the product verifies it.
#[utoipa::path(post, path = "/v1/reviews", tag = "reviews", security(("bearer" = [])),
    request_body = CreateReview, responses((status = 201, body = ReviewView, headers(("Location" = String)))))]
pub(crate) async fn create_review(
    user: CurrentUser,
    State(app): State<App>,
    Valid(wanted): Valid<CreateReview>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<ReviewView>), Problem> {
    let store = &app.store;
    let author = store.users.find(user.id).await?.ok_or_else(|| Problem::new(ProblemCode::NotAuthenticated))?;
    let product = store.products.find(wanted.product_id).await?.filter(|product| product.is_for_sale());
    let product = product.ok_or_else(|| Problem::not_found("product"))?;
    let order = store.orders.find_delivered_of(user.id, product.id).await?;
    let review = Review::new(product.id, &author, order, wanted.into(), app.clock.now());
    store.reviews.insert(&review).await.map_err(|error| {
        if error.is_duplicate_of("product_") { ReviewProblem::AlreadyReviewed } else { error.into() }
    })?;
    let location = format!("/v1/reviews/{}", review.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(review.into())))
}
