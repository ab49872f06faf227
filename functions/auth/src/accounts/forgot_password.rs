//! `POST /v1/auth/password/forgot`

use axum::{Json, extract::State, http::StatusCode};
use garde::Validate;
use serde::Deserialize;
use shared::{
    domain::{Email, Id, message::Event},
    http::{Problem, Valid},
};

use crate::{mails, state::AuthApp, view::AcceptedView};

const MESSAGE: &str = "If there is an account with this address, we have sent it a mail.";

/// OrderScope password.
#[derive(Deserialize, Validate, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ForgotPassword {
    #[garde(skip)]
    email: Email,
}

/// Ask for a mail to choose a new password with
///
/// The answer is the same whether or not there is an account.
#[utoipa::path(post, path = "/v1/auth/password/forgot", tag = "auth",
    request_body = ForgotPassword, responses((status = 202, body = AcceptedView)))]
pub(crate) async fn forgot_password(
    State(auth): State<AuthApp>,
    Valid(wanted): Valid<ForgotPassword>,
) -> Result<(StatusCode, Json<AcceptedView>), Problem> {
    let app = &auth.app;
    if mails::count(app, &wanted.email).await?.is_none() {
        let user = app.store.users.find_by_email(&wanted.email).await?.filter(|user| user.is_active);
        // For a stranger the same steps are taken with the id of nobody, to whom no mail is written.
        let user_id = user.map_or_else(Id::new, |user| user.id);
        mails::send(app, Event::EmailPasswordReset { user_id }).await?;
    }
    Ok((StatusCode::ACCEPTED, Json(AcceptedView { message: MESSAGE })))
}
