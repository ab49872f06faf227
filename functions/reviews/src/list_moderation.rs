//! `GET /v1/reviews/moderation`

use axum::{Json, extract::State};
use serde::Deserialize;
use shared::{
    domain::review::ReviewStatus,
    http::{Admin, App, Page, PageQuery, Problem, ValidQuery, query},
    store::{
        Cursor,
        reviews::{ReviewFilter, ReviewSort},
    },
    validation::Validate,
};

use crate::view::ModeratedReview;

/// Filters.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ModerationSearch {
    /// `pending` if absent.
    status: Option<ReviewStatus>,
    /// Whether it was reported.
    reported: Option<bool>,
}

impl Validate for ModerationSearch {}

/// List reviews for moderation
///
/// Oldest first. `status=approved&reported=true` lists public reviews that were reported.
#[utoipa::path(get, path = "/v1/reviews/moderation", tag = "reviews", security(("bearer" = [])),
    params(ModerationSearch, PageQuery), responses((status = 200, body = Page<ModeratedReview>)))]
pub(crate) async fn list_reviews_to_moderate(
    _: Admin,
    State(app): State<App>,
    ValidQuery(search): ValidQuery<ModerationSearch>,
    ValidQuery(page): ValidQuery<PageQuery>,
) -> Result<Json<Page<ModeratedReview>>, Problem> {
    let sort = ReviewSort::Oldest;
    let status = search.status.unwrap_or(ReviewStatus::Pending);
    let filter = ReviewFilter { reported: search.reported, ..ReviewFilter::of_status(status) };
    let after = page.after::<Cursor<ReviewSort>>()?;
    if after.as_ref().is_some_and(|cursor| cursor.sort != sort) {
        return Err(query::invalid("cursor", "must be the nextCursor of this list"));
    }
    let reviews = &app.store.reviews;
    let found = reviews.list(&filter, sort, after.as_ref(), page.fetch()).await?;
    let count = if page.count { Some(reviews.count(&filter).await?) } else { None };
    let page = Page::new(found, &page, |last| sort.cursor(last), ModeratedReview::from);
    Ok(Json(page.with_count(count)))
}
