//! `PATCH /v1/auth/users/{id}`

use axum::{Json, extract::State};
use serde::Deserialize;
use shared::{
    domain::user::{Role, User},
    http::{Admin, App, PathId, Problem, Valid},
    transaction,
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
    let store = &app.store;
    let now = app.clock.now();
    if admin.id == id {
        return Err(AuthError::OwnAccount.into());
    }
    let updated = transaction!(store, |tx| {
        let mut user = store.users.find_in(tx, id).await?.ok_or(AuthError::UnknownUser)?;
        user.role = change.role.unwrap_or(user.role);
        user.is_active = change.is_active.unwrap_or(user.is_active);
        user.updated_at = now;
        store.users.save_in(tx, &mut user).await?;
        if !user.is_active {
            store.sessions.revoke_all_in(tx, user.id).await?;
        }
        Ok::<_, AuthError>(user)
    })?;
    Ok(Json(updated.into_inner().into()))
}
