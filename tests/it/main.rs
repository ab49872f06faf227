//! The shop tested as a whole: one folder per function, and what crosses them beside it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::needless_pass_by_value,
    clippy::float_arithmetic,
    reason = "a test that cannot go on has failed"
)]

mod architecture;
mod auth;
mod browsers;
mod campaign;
mod cart;
mod checkout;
mod contract;
mod events;
mod idempotency;
mod killed;
mod lambda;
mod migrations;
mod ops;
mod outage;
mod products;
mod races;
mod reservations;
mod reviews;
mod sale;
mod validators;
mod verify;
mod watch;
mod workers;
