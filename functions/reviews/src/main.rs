//! The Lambda `reviews`; see the library.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    shared::telemetry::init();
    reviews::serve().await
}
