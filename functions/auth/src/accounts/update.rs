//! `PATCH /v1/auth/me`

use axum::{Json, extract::State};
use serde::Deserialize;
use shared::{
    domain::{Currency, Timestamp, user::User},
    http::{App, CurrentUser, Problem, Valid},
    transaction,
    validation::{
        Checked, FieldCode, Validate, Violation, Violations,
        patch::present,
        rules::{e164, https_url, person_name},
    },
};

use super::username::{canonical, username_rule};
use crate::{problems::AuthError, view::UserView};

/// Absent fields stay unchanged, `null` clears optional ones.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct UpdateMe {
    #[serde(default, deserialize_with = "present")]
    first_name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    last_name: Option<String>,
    /// 3 to 30 letters, digits, dots, dashes and underscores; unique.
    #[serde(default, deserialize_with = "present")]
    username: Option<Option<String>>,
    /// E.164.
    #[serde(default, deserialize_with = "present")]
    phone_number: Option<Option<String>>,
    /// The URL of an image, `https://…`.
    #[serde(default, deserialize_with = "present")]
    avatar: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    preferences: Option<UpdatePreferences>,
}

impl Validate for UpdateMe {
    fn validate(&self, v: &mut Violations) {
        v.check("firstName", &self.first_name, person_name);
        v.check("lastName", &self.last_name, person_name);
        v.check("username", &self.username, username_rule);
        v.check("phoneNumber", &self.phone_number, e164);
        v.check("avatar", &self.avatar, https_url);
        v.nested("preferences", &self.preferences);
    }
}

/// Preferences to change.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct UpdatePreferences {
    #[serde(default, deserialize_with = "present")]
    newsletter: Option<bool>,
    #[serde(default, deserialize_with = "present")]
    notifications: Option<bool>,
    /// BCP 47.
    #[serde(default, deserialize_with = "present")]
    #[schema(example = "en-GB")]
    language: Option<String>,
    #[serde(default, deserialize_with = "present")]
    currency: Option<Currency>,
}

impl Validate for UpdatePreferences {
    fn validate(&self, v: &mut Violations) {
        v.check("language", &self.language, language_tag);
    }
}

/// Update the own profile
#[utoipa::path(patch, path = "/v1/auth/me", tag = "auth", security(("bearer" = [])),
    request_body = UpdateMe, responses((status = 200, body = UserView)))]
pub(crate) async fn update_me(
    user: CurrentUser,
    State(app): State<App>,
    Valid(change): Valid<UpdateMe>,
) -> Result<Json<UserView>, Problem> {
    let now = app.clock.now();
    let updated = transaction!(app.store, |tx| {
        let me = app.store.users.find_in(tx, user.id).await?.filter(|me| me.is_active);
        let mut me = me.ok_or(AuthError::AccountClosed)?;
        change.apply(&mut me, now);
        app.store.users.save_in(tx, &mut me).await?;
        Ok::<_, AuthError>(me)
    })?;
    Ok(Json(updated.into_inner().into()))
}

impl UpdateMe {
    fn apply(&self, user: &mut User, now: Timestamp) {
        let name = |new: &Option<String>, old: &mut String| {
            if let Some(new) = new {
                new.trim().clone_into(old);
            }
        };
        let optional = |new: &Option<Option<String>>, old: &mut Option<String>| {
            if let Some(new) = new {
                old.clone_from(new);
            }
        };
        name(&self.first_name, &mut user.first_name);
        name(&self.last_name, &mut user.last_name);
        optional(&self.username.as_ref().map(|name| name.as_deref().map(canonical)), &mut user.username);
        optional(&self.phone_number, &mut user.phone_number);
        optional(&self.avatar, &mut user.avatar);
        if let Some(change) = &self.preferences {
            let preferences = &mut user.preferences;
            preferences.newsletter = change.newsletter.unwrap_or(preferences.newsletter);
            preferences.notifications = change.notifications.unwrap_or(preferences.notifications);
            preferences.currency = change.currency.unwrap_or(preferences.currency);
            name(&change.language, &mut preferences.language);
        }
        user.updated_at = now;
    }
}

/// A well-formed language tag: `en`, `pt-BR`, `zh-Hant-TW`.
fn language_tag(tag: &str) -> Checked {
    let mut parts = tag.split('-');
    let is_language = parts
        .next()
        .is_some_and(|part| (2..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_lowercase()));
    let is_tag = is_language
        && tag.len() <= 35
        && parts.all(|part| (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    if is_tag {
        Ok(())
    } else {
        Err(Violation::new(FieldCode::Invalid, "must be a language tag like en or pt-BR (BCP 47)"))
    }
}
