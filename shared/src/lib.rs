//! The shared crates of the functions, under one name.
//!
//! ```text
//! functions → http, queue, app, gateway, and every crate below
//! http → queue, validation
//! app → gateway
//! http, queue, app → store
//! http, queue, store, gateway → runtime
//! app, validation, runtime → domain, and so does every crate above
//! ```
//!
//! Cargo enforces the direction: a crate depends only on the crates below it.
//!
//! * [`domain`]: entities, rules and state machines. No I/O, no async, no HTTP, no driver.
//! * [`store`]: the only crate that uses MongoDB.
//! * [`gateway`]: the payment gateway.
//! * [`app`]: the workflows that change more than one aggregate.
//! * [`validation`]: the validation of requests: shapes, rules for fields, error codes.
//! * [`http`] and [`queue`]: the adapters for requests and messages.
//! * [`config`], [`password`], [`telemetry`]: configuration, password hashing and logging.

pub use shop_app as app;
pub use shop_domain as domain;
pub use shop_gateway as gateway;
pub use shop_http as http;
pub use shop_queue as queue;
pub use shop_runtime::{config, password, telemetry};
pub use shop_store as store;
pub use shop_store::transaction;
pub use shop_validation as validation;
