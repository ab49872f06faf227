//! `POST /v1/reviews/{id}/report`

use axum::{extract::State, http::StatusCode};
use garde::Validate;
use serde::Deserialize;
use shared::{
    domain::review::Review,
    http::{App, CurrentUser, PathId, Problem, Valid, rules::line},
};

use crate::problems::counted;

/// The reason of a report.
#[derive(Debug, Deserialize, Validate, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ReportReview {
    #[garde(custom(line(500)))]
    reason: String,
}

/// Report a review
///
/// For moderation. One report per user; idempotent.
#[utoipa::path(post, path = "/v1/reviews/{id}/report", tag = "reviews", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = ReportReview, responses((status = 202)))]
pub(crate) async fn report_review(
    user: CurrentUser,
    PathId(id): PathId<Review>,
    State(app): State<App>,
    Valid(report): Valid<ReportReview>,
) -> Result<StatusCode, Problem> {
    counted(app.store.reviews.report(id, user.id, &report.reason).await?)?;
    Ok(StatusCode::ACCEPTED)
}
