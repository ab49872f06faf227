//! What the functions share.
//!
//! Imports point down, and a test holds them to it:
//!
//! ```text
//! functions → http, queue, workflows → store, gateway → domain
//! ```
//!
//! * [`domain`]: what the shop means. No I/O, no async, no HTTP, no driver.
//! * [`store`]: the only place that speaks to MongoDB.
//! * [`gateway`]: where money moves: Stripe and bank transfer.
//! * [`workflows`]: steps that several functions share, each one transaction with its promises.
//! * [`validation`]: what comes from outside, checked: shapes, rules for fields, and the codes of refusals.
//! * [`password`]: hashing, which takes time and threads.
//! * [`http`] and [`queue`]: the two ways in.

pub mod config;
pub mod domain;
pub mod gateway;
pub mod http;
pub mod password;
pub mod queue;
pub mod store;
pub mod telemetry;
pub mod validation;
pub mod workflows;
