//! `POST /v1/reviews/{id}/report`

use axum::{extract::State, http::StatusCode};
use serde::Deserialize;
use shared::{
    domain::review::Review,
    http::{App, CurrentUser, PathId, Problem, Valid},
    validation::{Validate, Violations, rules::line},
};

use crate::problems::counted;

/// The reason of a report.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ReportReview {
    reason: String,
}

impl Validate for ReportReview {
    fn validate(&self, v: &mut Violations) {
        v.check("reason", &self.reason, line(500));
    }
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
