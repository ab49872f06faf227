//! `GET /v1/wishlists`

use axum::{Json, extract::State};
use shared::http::{App, CurrentUser, Page, PageQuery, Problem, ValidQuery};

use super::view::WishlistSummaryView;

/// List wishlists, newest first
///
/// Without their items; `itemCount` has their number.
#[utoipa::path(get, path = "/v1/wishlists", tag = "cart", security(("bearer" = [])), params(PageQuery),
    responses((status = 200, body = Page<WishlistSummaryView>)))]
pub(crate) async fn list_wishlists(
    user: CurrentUser,
    State(app): State<App>,
    ValidQuery(page): ValidQuery<PageQuery>,
) -> Result<Json<Page<WishlistSummaryView>>, Problem> {
    let wishlists = &app.store.wishlists;
    let count = if page.count { Some(wishlists.count_of(user.id).await?) } else { None };
    let found = wishlists.list_of(user.id, page.after()?, page.fetch()).await?;
    Ok(Json(Page::new(found, &page, |last| last.id, WishlistSummaryView::from).with_count(count)))
}
