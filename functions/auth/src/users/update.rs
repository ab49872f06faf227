//! `PATCH /v1/auth/users/{id}`

use axum::{Json, extract::State};
use serde::Deserialize;
use shared::{
    app::update_user,
    domain::user::{Role, User},
    http::{Admin, App, PathId, Problem, Valid},
    validation::{Validate, patch::present},
};

use crate::{problems::AuthError, view::AccountView};

/// Absent fields stay unchanged.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct UpdateUser {
    /// Takes effect with the next refresh or login.
    #[serde(default, deserialize_with = "present")]
    role: Option<Role>,
    /// Whether the user may log in. Deactivating ends all sessions of the user.
    #[serde(default, deserialize_with = "present")]
    is_active: Option<bool>,
}

impl Validate for UpdateUser {}

/// Update a user's role or activity
///
/// Administrators cannot update themselves, so that one always remains.
#[utoipa::path(patch, path = "/v1/auth/users/{id}", tag = "auth", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = UpdateUser, responses((status = 200, body = AccountView)))]
pub(crate) async fn update_user(
    Admin(admin): Admin,
    PathId(id): PathId<User>,
    State(app): State<App>,
    Valid(change): Valid<UpdateUser>,
) -> Result<Json<AccountView>, Problem> {
    if admin.id == id {
        return Err(AuthError::OwnAccount.into());
    }
    let UpdateUser { role, is_active } = change;
    let updated = update_user::update_user(&app.store, id, role, is_active, app.clock.now()).await;
    Ok(Json(updated.map_err(AuthError::from)?.into_inner().into()))
}
