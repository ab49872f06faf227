//! `POST /v1/auth/register`

use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use shared::{
    domain::{
        Email,
        message::{Event, Message},
        password::Password,
        user::{PasswordHash, Role, User},
    },
    http::{Problem, Valid},
    store::users::EMAIL_INDEX,
    transaction,
    validation::{
        Validate, Violations,
        rules::{e164, person_name},
    },
};

use super::username::{canonical, username_rule};
use crate::{mails, problems::AuthError, state::AuthApp, view::AcceptedView};

const MESSAGE: &str = "Check your inbox: we have sent you an e-mail.";

/// A new account.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Register {
    email: Email,
    /// 8 to 128 characters; common passwords are refused.
    password: Password,
    #[schema(example = "Ada")]
    first_name: String,
    #[schema(example = "Lovelace")]
    last_name: String,
    /// 3 to 30 letters, digits, dots, dashes and underscores; unique.
    username: Option<String>,
    /// E.164.
    #[schema(example = "+442072345678")]
    phone_number: Option<String>,
}

impl Validate for Register {
    fn validate(&self, v: &mut Violations) {
        v.check("firstName", &self.first_name, person_name);
        v.check("lastName", &self.last_name, person_name);
        v.check("username", &self.username, username_rule);
        v.check("phoneNumber", &self.phone_number, e164);
    }
}

impl Register {
    fn user(&self, password: PasswordHash, now: shared::domain::Timestamp) -> User {
        let name = |text: &str| text.trim().to_owned();
        User {
            username: self.username.as_deref().map(canonical),
            phone_number: self.phone_number.clone(),
            ..User::new(
                self.email.clone(),
                password,
                name(&self.first_name),
                name(&self.last_name),
                Role::Customer,
                now,
            )
        }
    }
}

/// Register an account
///
/// Mails a token that verifies the address. The answer is the same for an address that is registered already; its owner is
/// informed by mail. Login and checkout do not require a verified address.
#[utoipa::path(post, path = "/v1/auth/register", tag = "auth",
    request_body = Register, responses((status = 202, body = AcceptedView)))]
pub(crate) async fn register(
    State(auth): State<AuthApp>,
    Valid(form): Valid<Register>,
) -> Result<(StatusCode, Json<AcceptedView>), Problem> {
    let app = &auth.app;
    if let Some(username) = &form.username
        && app.store.users.has_username(&canonical(username)).await.map_err(AuthError::from)?
    {
        return Err(AuthError::UsernameTaken.into());
    }
    let password = auth.passwords.hash(&form.password).await.map_err(AuthError::from)?;
    let may_write_again = mails::count(app, &form.email).await?.is_none();
    let message = match app.store.users.find_by_email(&form.email).await? {
        Some(owner) if may_write_again => Some(mails::warn_owner(app, owner.id).await?),
        Some(_) => None,
        None => create(&auth, form.user(password, app.clock.now())).await?,
    };
    if let Some(message) = message {
        app.dispatch(vec![message]).await;
    }
    Ok((StatusCode::ACCEPTED, Json(AcceptedView { message: MESSAGE })))
}

/// Inserts the user and enqueues the mail; does nothing if a concurrent request has registered the address.
async fn create(auth: &AuthApp, user: User) -> Result<Option<Message>, AuthError> {
    let store = &auth.app.store;
    let message = Event::EmailVerification { user_id: user.id }.now(user.created_at);
    let created = transaction!(store, |tx| {
        store.users.insert_in(tx, &user).await?;
        Ok::<_, AuthError>(store.outbox.enqueue(tx, &message).await?)
    });
    match created {
        Ok(()) => Ok(Some(message)),
        // The concurrent request has enqueued the mail to the same mailbox.
        Err(AuthError::Store(error)) if error.is_duplicate_of(EMAIL_INDEX) => Ok(None),
        Err(error) => Err(error),
    }
}
