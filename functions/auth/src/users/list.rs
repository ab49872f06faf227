//! `GET /v1/auth/users`

use axum::{Json, extract::State};
use serde::Deserialize;
use shared::{
    domain::user::Role,
    http::{Admin, App, Page, PageQuery, Problem, ValidQuery},
    store::users::UserFilter,
    validation::{Validate, Violations, rules::length},
};

use crate::view::AccountView;

/// Longer texts are truncated.
const LONGEST_SEARCH: usize = 254;

/// Filters.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(crate) struct UserQuery {
    /// A prefix of the e-mail address, username, first or last name.
    q: Option<String>,
    role: Option<Role>,
    is_active: Option<bool>,
}

impl Validate for UserQuery {
    fn validate(&self, v: &mut Violations) {
        v.check("q", &self.q, length(0..=LONGEST_SEARCH));
    }
}

/// List users, newest first
#[utoipa::path(get, path = "/v1/auth/users", tag = "auth", security(("bearer" = [])), params(UserQuery, PageQuery),
    responses((status = 200, body = Page<AccountView>)))]
pub(crate) async fn list_users(
    _admin: Admin,
    State(app): State<App>,
    ValidQuery(wanted): ValidQuery<UserQuery>,
    ValidQuery(page): ValidQuery<PageQuery>,
) -> Result<Json<Page<AccountView>>, Problem> {
    let users = &app.store.users;
    let text = wanted.q.map(|text| text.trim().to_owned());
    let filter =
        UserFilter { text: text.filter(|text| !text.is_empty()), role: wanted.role, is_active: wanted.is_active };
    let count = if page.count { Some(users.count(&filter).await?) } else { None };
    let found = users.list(&filter, page.after()?, page.fetch()).await?;
    Ok(Json(Page::new(found, &page, |last| (last.created_at, last.id), AccountView::from).with_count(count)))
}
