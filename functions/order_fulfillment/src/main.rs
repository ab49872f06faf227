//! The Lambda `order_fulfillment`; see the library.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    shared::telemetry::init();
    order_fulfillment::serve().await
}
