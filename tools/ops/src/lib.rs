//! The operator's command line, and the demo shop that `tools/local` loads.
//!
//! Every command is idempotent: existing data is kept, and missing data is added.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a tool for the terminal")]

pub mod accounts;
mod categories;
pub mod cli;
mod connection;
pub mod demo;
pub mod import;
pub mod keys;
pub mod payments;
mod progress;
mod reconcile;
pub mod rotate;
mod secret_input;
pub mod seed;
pub mod verify;
