//! An SQS stub that accepts every message at once and discards it. The local SQS server takes longer than a whole
//! checkout and would dominate a measurement.
#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "without queues, neither a benchmark nor a test can go on"
)]

use std::{
    net::{self, SocketAddr},
    thread,
};

use aws_sdk_sqs::{
    Client, Config,
    config::{BehaviorVersion, Credentials, Region},
};
use axum::{Json, Router, routing::post};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Starts the stub on a free port, in its own thread, until the process exits. Answers its address.
pub fn start() -> SocketAddr {
    let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().fallback(post(take));
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { axum::serve(TcpListener::from_std(listener).unwrap(), router).await })
    });
    address
}

/// A client of the stub.
pub fn client(address: SocketAddr) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(format!("http://{address}"))
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("stub", "stub", None, None, "stub"))
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
