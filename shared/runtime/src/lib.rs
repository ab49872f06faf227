//! Configuration, password hashing and logging of every process.

pub mod config;
pub mod password;
pub mod telemetry;
