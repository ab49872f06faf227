//! `GET /v1/payments/methods`

use axum::{
    Json,
    extract::{FromRef, State},
};
use shared::http::{App, CurrentUser, Page, PageQuery, Problem, ValidQuery};

use super::view::SavedMethodView;
use crate::PaymentsApp;

/// List saved payment methods, newest first
#[utoipa::path(get, path = "/v1/payments/methods", tag = "payments", security(("bearer" = [])), params(PageQuery),
    responses((status = 200, body = Page<SavedMethodView>)))]
pub(crate) async fn list_payment_methods(
    user: CurrentUser,
    State(state): State<PaymentsApp>,
    ValidQuery(page): ValidQuery<PageQuery>,
) -> Result<Json<Page<SavedMethodView>>, Problem> {
    let app = App::from_ref(&state);
    let methods = &app.store.saved_methods;
    let count = if page.count { Some(methods.count_of(user.id).await?) } else { None };
    let found = methods.list_of(user.id, page.after()?, page.fetch()).await?;
    Ok(Json(
        Page::new(found, &page, |last| last.id, |method| SavedMethodView::of(method, &state.keys)).with_count(count),
    ))
}
