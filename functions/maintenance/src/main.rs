//! The Lambda `maintenance`; see the library.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::telemetry::init();
    maintenance::serve().await
}
