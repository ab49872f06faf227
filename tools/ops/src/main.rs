//! The operator's command line.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    ops::cli::run().await
}
