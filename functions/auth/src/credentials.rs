//! Verification of a password.

use shared::{
    domain::{Email, password::PasswordAttempt, user::User},
    http::ClientAddress,
    password::Match,
};

use crate::{problems::AuthError, state::AuthApp, throttle::Attempt};

/// The active user with this address and password.
///
/// An unknown address, a wrong password and a deactivated account take the same steps to the same answer.
pub(crate) async fn prove(
    auth: &AuthApp,
    email: &Email,
    password: &PasswordAttempt,
    address: ClientAddress,
) -> Result<(User, Match), AuthError> {
    let store = &auth.app.store;
    let attempt = Attempt::begin(store, email, address, auth.app.clock.now()).await?;
    let user = store.users.find_by_email(email).await?;
    let outcome = auth.passwords.compare(password, user.as_ref().map(|user| &user.password)).await?;
    match user {
        Some(user) if user.is_active && outcome != Match::No => {
            attempt.succeed().await?;
            Ok((user.into_inner(), outcome))
        }
        _ => Err(attempt.fail().await?),
    }
}
