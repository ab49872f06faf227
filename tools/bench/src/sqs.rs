//! An SQS that takes every message at once and forgets it. The local SQS server takes longer than a whole checkout, and
//! would be all that is measured.

use aws_sdk_sqs::{
    Client, Config,
    config::{BehaviorVersion, Credentials, Region},
};
use axum::{Json, Router, routing::post};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Serves on a free port for as long as this process runs. Answers a client of it.
pub(crate) async fn start() -> Client {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().fallback(post(take));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(format!("http://{address}"))
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("bench", "bench", None, None, "bench"))
        .build();
    Client::from_conf(config)
}

/// `SendMessageBatch`, the only operation that a publisher uses.
async fn take(body: String) -> Json<Value> {
    let asked: Value = serde_json::from_str(&body).unwrap();
    let taken = |entry: &Value| json!({"Id": entry["Id"], "MessageId": entry["Id"], "MD5OfMessageBody": "0"});
    let taken: Vec<Value> = asked["Entries"].as_array().unwrap().iter().map(taken).collect();
    Json(json!({"Successful": taken, "Failed": []}))
}
