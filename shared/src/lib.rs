//! What the functions share: the face of the crates beside it.
//!
//! ```text
//! functions → http, queue, app, gateway, and every crate below
//! http → queue, validation
//! http, queue, app → store
//! http, queue, store, gateway → runtime
//! app, validation, runtime → domain, and so does every crate above
//! ```
//!
//! Cargo keeps the direction: a crate names what it may use, and nothing above it.
//!
//! * [`domain`]: what the shop means. No I/O, no async, no HTTP, no driver.
//! * [`store`]: the only place that speaks to MongoDB.
//! * [`gateway`]: where money moves.
//! * [`app`]: every change of more than one aggregate.
//! * [`validation`]: what comes from outside, checked: shapes, rules for fields, codes of refusals.
//! * [`http`] and [`queue`]: the two ways in.
//! * [`config`], [`password`], [`telemetry`]: what every process needs.

pub use shop_app as app;
pub use shop_domain as domain;
pub use shop_gateway as gateway;
pub use shop_http as http;
pub use shop_queue as queue;
pub use shop_runtime::{config, password, telemetry};
pub use shop_store as store;
pub use shop_store::transaction;
pub use shop_validation as validation;
