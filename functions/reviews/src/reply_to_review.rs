//! `PUT /v1/reviews/{id}/reply`

use axum::{Json, extract::State};
use serde::Deserialize;
use shared::{
    domain::review::{AdminReply, Review},
    http::{App, PathId, Problem, Seller, Valid},
    transaction,
    validation::{Validate, Violations, rules::lines},
};

use crate::{problems::ReviewProblem, view::ReviewView};

/// The reply.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ReplyToReview {
    text: String,
}

impl Validate for ReplyToReview {
    fn validate(&self, v: &mut Violations) {
        v.check("text", &self.text, lines(5000));
    }
}

/// Reply to a review
///
/// By an administrator, or by the seller of the product once the review is approved. Replaces an earlier reply.
#[utoipa::path(put, path = "/v1/reviews/{id}/reply", tag = "reviews", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = ReplyToReview, responses((status = 200, body = ReviewView)))]
pub(crate) async fn reply_to_review(
    Seller(user): Seller,
    PathId(id): PathId<Review>,
    State(app): State<App>,
    Valid(reply): Valid<ReplyToReview>,
) -> Result<Json<ReviewView>, Problem> {
    let (now, store) = (app.clock.now(), &app.store);
    let review = transaction!(store, |tx| {
        let mut review = store.reviews.find_in(tx, id).await?.ok_or(ReviewProblem::NotFound)?;
        if !user.is_admin() {
            let product = store.products.find_in(tx, review.product).await?;
            let is_theirs = product.is_some_and(|product| product.seller == user.id);
            if !is_theirs || !review.counts() {
                return Err(ReviewProblem::NotFound);
            }
        }
        review.admin_reply = Some(AdminReply { text: reply.text.clone(), replied_by: user.id, replied_at: now });
        review.updated_at = now;
        store.reviews.save_in(tx, &mut review).await?;
        Ok::<_, ReviewProblem>(review)
    })?;
    Ok(Json(review.into_inner().into()))
}
