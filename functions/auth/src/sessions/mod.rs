//! Sessions: log in, refresh, log out; and the public keys of access tokens.

pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod logout_all;
pub(crate) mod refresh;
pub(crate) mod show_jwks;
mod tokens;
