//! `POST /v1/auth/verify-email/resend`

use axum::{Json, extract::State, http::StatusCode};
use shared::{
    domain::message::Event,
    http::{CurrentUser, Problem},
};

use super::show::load_me;
use crate::{mails, problems::AuthError, state::AuthApp, view::AcceptedView};

const MESSAGE: &str = "Check your inbox: we have sent you an e-mail, unless your address is verified already.";

/// Resend the verification e-mail
///
/// Earlier tokens stay valid.
#[utoipa::path(post, path = "/v1/auth/verify-email/resend", tag = "auth", security(("bearer" = [])),
    responses((status = 202, body = AcceptedView)))]
pub(crate) async fn resend_verification(
    user: CurrentUser,
    State(auth): State<AuthApp>,
) -> Result<(StatusCode, Json<AcceptedView>), Problem> {
    let me = load_me(&auth.app, &user).await?;
    if !me.is_email_verified {
        if let Some(wait) = mails::count(&auth.app, &me.email).await? {
            return Err(AuthError::TooManyMails(wait).into());
        }
        mails::send(&auth.app, Event::EmailVerification { user_id: me.id }).await?;
    }
    Ok((StatusCode::ACCEPTED, Json(AcceptedView { message: MESSAGE })))
}
