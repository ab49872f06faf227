//! Accounts, sessions, addresses and users.
//!
//! Registered and unknown e-mail addresses get the same answer after the same work, so an account cannot be guessed.

mod accounts;
mod addresses;
mod credentials;
mod mails;
mod problems;
mod sessions;
mod state;
mod throttle;
mod users;
mod view;

use shared::domain::message::Queue;
use utoipa_axum::{router::OpenApiRouter, routes};

pub use state::{AuthApp, serve};

/// The queues that this function sends to. `template.yaml` gives it the right and the address of these and no others.
pub const SENDS_TO: &[Queue] = &[Queue::Notifications];

/// The endpoints of the group.
pub fn router() -> OpenApiRouter<AuthApp> {
    OpenApiRouter::new()
        .routes(routes!(accounts::register::register))
        .routes(routes!(sessions::login::login))
        .routes(routes!(sessions::refresh::refresh))
        .routes(routes!(sessions::logout::logout))
        .routes(routes!(sessions::logout_all::logout_all))
        .routes(routes!(accounts::verify_email::verify_email))
        .routes(routes!(accounts::resend_verification::resend_verification))
        .routes(routes!(accounts::forgot_password::forgot_password))
        .routes(routes!(accounts::reset_password::reset_password))
        .routes(routes!(accounts::change_password::change_password))
        .routes(routes!(accounts::show::show_me, accounts::update::update_me))
        .routes(routes!(addresses::list::list_addresses, addresses::create::create_address))
        .routes(routes!(
            addresses::show::show_address,
            addresses::update::update_address,
            addresses::delete::delete_address
        ))
        .routes(routes!(users::list::list_users))
        .routes(routes!(users::show::show_user, users::update::update_user))
        .routes(routes!(sessions::show_jwks::show_jwks))
}
