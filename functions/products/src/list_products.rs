//! `GET /v1/products`

mod search;

use axum::{extract::State, response::Response};
use shared::{
    http::{App, Caching, Page, PageQuery, Problem, ValidQuery, Viewer, query},
    store::{Cursor, products::listing::ProductSort},
};

use crate::view::ProductView;
use search::{ProductQuery, ProductSearch};

/// List products
///
/// Products for sale. With `status`, sellers list their own and administrators all products of that status, including those
/// not for sale.
#[utoipa::path(get, path = "/v1/products", tag = "products", security((), ("bearer" = [])),
    params(ProductSearch, PageQuery),
    responses((status = 200, body = Page<ProductView>), (status = 304, description = "Not modified")))]
pub(crate) async fn list_products(
    Viewer(user): Viewer,
    caching: Caching,
    State(app): State<App>,
    ValidQuery(search): ValidQuery<ProductSearch>,
    ValidQuery(page): ValidQuery<PageQuery>,
) -> Result<Response, Problem> {
    let Some(ProductQuery { filter, sort }) = search.resolve(&app, user.as_ref()).await? else {
        return caching.answer(&Page::<ProductView>::whole(Vec::new()).with_count(page.count.then_some(0)));
    };
    let after = page.after::<Cursor<ProductSort>>()?;
    if after.as_ref().is_some_and(|cursor| cursor.sort != sort) {
        return Err(query::invalid("cursor", "must be the nextCursor of a list in the same order"));
    }
    let entries = app.store.products.list(&filter, sort, after.as_ref(), page.fetch()).await?;
    let count = if page.count { Some(app.store.products.count(&filter).await?) } else { None };
    let page = Page::new(entries, &page, |last| last.cursor(sort), ProductView::from);
    caching.answer(&page.with_count(count))
}
