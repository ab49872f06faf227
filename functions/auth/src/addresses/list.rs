//! `GET /v1/auth/me/addresses`

use axum::{Json, extract::State};
use shared::http::{App, CurrentUser, Page, PageQuery, Problem, ValidQuery};

use crate::view::AddressView;

/// List addresses, newest first
#[utoipa::path(get, path = "/v1/auth/me/addresses", tag = "auth", security(("bearer" = [])), params(PageQuery),
    responses((status = 200, body = Page<AddressView>)))]
pub(crate) async fn list_addresses(
    user: CurrentUser,
    State(app): State<App>,
    ValidQuery(page): ValidQuery<PageQuery>,
) -> Result<Json<Page<AddressView>>, Problem> {
    let addresses = &app.store.addresses;
    let count = if page.count { Some(addresses.count_of(user.id).await?) } else { None };
    let found = addresses.list_of(user.id, page.after()?, page.fetch()).await?;
    Ok(Json(Page::new(found, &page, |last| last.id, AddressView::from).with_count(count)))
}
