//! The operator's command line, and the demo shop that `tools/local` opens with it.
//!
//! Everything here can be run again: what is there already stays, what is missing is added.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a tool for the terminal")]

pub mod accounts;
mod categories;
pub mod cli;
mod connection;
pub mod demo;
pub mod import;
pub mod keys;
mod progress;
mod secret_input;
pub mod seed;
pub mod verify;
