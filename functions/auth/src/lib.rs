//! Accounts: who somebody is, how they prove it, and what they tell about themselves.
//!
//! Nobody can learn here whether an e-mail address has an account: known and unknown ones get the same answer after the
//! same work.

mod change_password;
mod create_address;
mod credentials;
mod delete_address;
mod forgot_password;
mod list_addresses;
mod list_users;
mod login;
mod logout;
mod logout_all;
mod mails;
mod problems;
mod refresh;
mod register;
mod resend_verification;
mod reset_password;
mod show_address;
mod show_jwks;
mod show_me;
mod show_user;
mod state;
mod throttle;
mod tokens;
mod update_address;
mod update_me;
mod update_user;
mod username;
mod verify_email;
mod view;

use shared::domain::message::Queue;
use utoipa_axum::{router::OpenApiRouter, routes};

pub use state::{AuthApp, serve};

/// The queues that this function sends to. `template.yaml` gives it the right and the address of these and no others.
pub const SENDS_TO: &[Queue] = &[Queue::Notifications];

/// The endpoints of the group.
pub fn router() -> OpenApiRouter<AuthApp> {
    OpenApiRouter::new()
        .routes(routes!(register::register))
        .routes(routes!(login::login))
        .routes(routes!(refresh::refresh))
        .routes(routes!(logout::logout))
        .routes(routes!(logout_all::logout_all))
        .routes(routes!(verify_email::verify_email))
        .routes(routes!(resend_verification::resend_verification))
        .routes(routes!(forgot_password::forgot_password))
        .routes(routes!(reset_password::reset_password))
        .routes(routes!(change_password::change_password))
        .routes(routes!(show_me::show_me, update_me::update_me))
        .routes(routes!(list_addresses::list_addresses, create_address::create_address))
        .routes(routes!(show_address::show_address, update_address::update_address, delete_address::delete_address))
        .routes(routes!(list_users::list_users))
        .routes(routes!(show_user::show_user, update_user::update_user))
        .routes(routes!(show_jwks::show_jwks))
}
