//! `POST /v1/auth/password/forgot`

use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use shared::{
    domain::{Email, Id, message::Event},
    http::{Problem, Valid},
    validation::Validate,
};

use crate::{mails, state::AuthApp, view::AcceptedView};

const MESSAGE: &str = "If an account with this address exists, we have sent it an e-mail.";

/// The account whose password was forgotten.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForgotPassword {
    email: Email,
}

impl Validate for ForgotPassword {}

/// Request a password reset
///
/// Mails a reset token. The answer is the same whether or not the account exists.
#[utoipa::path(post, path = "/v1/auth/password/forgot", tag = "auth",
    request_body = ForgotPassword, responses((status = 202, body = AcceptedView)))]
pub(crate) async fn forgot_password(
    State(auth): State<AuthApp>,
    Valid(wanted): Valid<ForgotPassword>,
) -> Result<(StatusCode, Json<AcceptedView>), Problem> {
    let app = &auth.app;
    if mails::count(app, &wanted.email).await?.is_none() {
        let user = app.store.users.find_by_email(&wanted.email).await?.filter(|user| user.is_active);
        // An unknown address takes the same steps with an unused id, for which no mail is written.
        let user_id = user.map_or_else(Id::new, |user| user.id);
        mails::send(app, Event::EmailPasswordReset { user_id }).await?;
    }
    Ok((StatusCode::ACCEPTED, Json(AcceptedView { message: MESSAGE })))
}
