//! Integration tests of the shop: one folder per function, and beside them the tests that cross functions.
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
mod field_keys;
mod gateway;
mod idempotency;
mod killed;
mod lambda;
mod migrations;
mod ops;
mod order_lifecycle;
mod outage;
mod payments;
mod products;
mod races;
mod reservations;
mod reviews;
mod stripe_double;
mod validators;
mod verify;
mod watch;
mod workers;
