//! `GET /v1/reviews`

use axum::{extract::State, response::Response};
use serde::{Deserialize, Serialize};
use shared::{
    domain::{
        Id,
        product::Product,
        review::{Rating, ReviewStatus},
    },
    http::{App, Caching, Page, PageQuery, Problem, ValidQuery, query},
    store::{
        Cursor,
        reviews::{ReviewFilter, ReviewSort},
    },
    validation::Validate,
};

use crate::view::{ReviewSummary, ReviewView};

/// Filters and sort order.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReviewSearch {
    /// Of this product.
    #[param(value_type = Option<String>)]
    product: Option<Id<Product>>,
    /// With this many stars.
    rating: Option<Rating>,
    /// Whether the purchase is verified.
    verified: Option<bool>,
    /// `newest` if absent.
    #[param(inline)]
    sort: Option<SortParameter>,
}

impl Validate for ReviewSearch {}

#[derive(Clone, Copy, Debug, Deserialize, utoipa::ToSchema)]
pub(crate) enum SortParameter {
    #[serde(rename = "newest")]
    Newest,
    #[serde(rename = "helpful")]
    Helpful,
    #[serde(rename = "rating")]
    Rating,
    #[serde(rename = "-rating")]
    RatingDescending,
}

impl SortParameter {
    const fn into_sort(self) -> ReviewSort {
        match self {
            Self::Newest => ReviewSort::Newest,
            Self::Helpful => ReviewSort::Helpful,
            Self::Rating => ReviewSort::Rating,
            Self::RatingDescending => ReviewSort::RatingDescending,
        }
    }
}

/// A page of reviews with a summary.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct ReviewPage {
    #[serde(flatten)]
    page: Page<ReviewView>,
    /// Of all approved reviews of the product, regardless of other filters.
    summary: ReviewSummary,
}

/// List reviews
///
/// Approved reviews, with a summary.
#[utoipa::path(get, path = "/v1/reviews", tag = "reviews", security(()),
    params(ReviewSearch, PageQuery),
    responses((status = 200, body = ReviewPage), (status = 304, description = "Not modified")))]
pub(crate) async fn list_reviews(
    caching: Caching,
    State(app): State<App>,
    ValidQuery(search): ValidQuery<ReviewSearch>,
    ValidQuery(page): ValidQuery<PageQuery>,
) -> Result<Response, Problem> {
    let sort = search.sort.map_or(ReviewSort::Newest, SortParameter::into_sort);
    let filter = ReviewFilter {
        product: search.product,
        rating: search.rating,
        verified: search.verified,
        ..ReviewFilter::of_status(ReviewStatus::Approved)
    };
    let after = page.after::<Cursor<ReviewSort>>()?;
    if after.as_ref().is_some_and(|cursor| cursor.sort != sort) {
        return Err(query::invalid("cursor", "must be the nextCursor of a list in the same order"));
    }
    let reviews = &app.store.reviews;
    let (found, histogram) =
        tokio::try_join!(reviews.list(&filter, sort, after.as_ref(), page.fetch()), reviews.histogram(search.product))?;
    let count = if page.count { Some(reviews.count(&filter).await?) } else { None };
    let page = Page::new(found, &page, |last| sort.cursor(last), ReviewView::from).with_count(count);
    caching.answer(&ReviewPage { page, summary: ReviewSummary::of(histogram) })
}
