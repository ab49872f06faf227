//! The Lambda `payment_processing`; see the library.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::telemetry::init();
    payment_processing::serve().await
}
