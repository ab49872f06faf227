//! What every process needs at its start.

pub mod config;
pub mod password;
pub mod telemetry;
