//! Accounts: register, verify the e-mail address, change the password and the profile.

pub(crate) mod change_password;
pub(crate) mod forgot_password;
pub(crate) mod register;
pub(crate) mod resend_verification;
pub(crate) mod reset_password;
pub(crate) mod show;
pub(crate) mod update;
mod username;
pub(crate) mod verify_email;
