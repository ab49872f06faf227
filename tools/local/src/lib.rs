//! The whole shop on one machine, and the components that it and the tests use.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a tool for the terminal")]

pub mod components;
pub mod poller;
pub mod serve;
pub mod shop;
pub mod stack;
pub mod up;
