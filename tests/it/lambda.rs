//! A function with a simulated Lambda runtime API: when it answers, and when it asks for the next request.

use std::{
    env,
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, HeaderValue},
    response::IntoResponse,
    routing::{get, post},
};
use shared::http::{BackgroundTasks, serve};
use tokio::{net::TcpListener, sync::Semaphore};

const FUNCTION: &str = "lambda::the_function";
const EVENT: &str = include_str!("../../events/http/health.json");

/// Lambda's side: what it saw, in order.
#[derive(Clone)]
struct Lambda {
    saw: Arc<Mutex<Vec<&'static str>>>,
    answered: Arc<Semaphore>,
    asked_again: Arc<Semaphore>,
}

impl Lambda {
    fn record(&self, what: &'static str) -> usize {
        let mut saw = self.saw.lock().unwrap();
        saw.push(what);
        saw.len()
    }
}

async fn next(State(lambda): State<Lambda>) -> impl IntoResponse {
    if lambda.record("asks for a request") > 1 {
        lambda.asked_again.add_permits(1);
        return std::future::pending().await;
    }
    let headers = [
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"),
        ("lambda-runtime-deadline-ms", "9999999999999"),
        ("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:123456789012:function:test"),
    ];
    let headers: HeaderMap =
        headers.into_iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect();
    (headers, EVENT)
}

async fn take_answer(State(lambda): State<Lambda>) {
    lambda.record("answers");
    lambda.answered.add_permits(1);
}

/// A background task of the function, which ends shortly after the answer was received.
async fn work(State(lambda): State<Lambda>) {
    lambda.answered.acquire().await.unwrap().forget();
    tokio::time::sleep(Duration::from_millis(200)).await;
    lambda.record("finishes the background task");
}

#[tokio::test]
#[ignore = "the test of this file starts it"]
async fn the_function() {
    let work = format!("http://{}/work", env::var("AWS_LAMBDA_RUNTIME_API").unwrap());
    let background = BackgroundTasks::after_the_answer();
    let leaving = background.clone();
    let handler = async move || {
        let left = async move { drop(reqwest::get(work).await.unwrap()) };
        leaving.run(left).await;
        "all is well"
    };
    serve::run_lambda(Router::new().route("/v1/health", get(handler)), background).await.unwrap();
}

#[tokio::test]
async fn background_tasks_run_after_the_answer_and_before_the_freeze() {
    let lambda =
        Lambda { saw: Arc::default(), answered: Arc::new(Semaphore::new(0)), asked_again: Arc::new(Semaphore::new(0)) };
    let router = Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(take_answer))
        .route("/work", get(work))
        .with_state(lambda.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    let mut function = Command::new(env::current_exe().unwrap())
        .args(["--exact", FUNCTION, "--ignored", "--nocapture"])
        .env("AWS_LAMBDA_RUNTIME_API", address.to_string())
        .env("AWS_LAMBDA_FUNCTION_NAME", "test")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let asked_again = tokio::time::timeout(Duration::from_secs(20), lambda.asked_again.acquire()).await;
    function.kill().unwrap();
    function.wait().unwrap();
    assert!(asked_again.is_ok(), "only: {:?}", lambda.saw.lock().unwrap());
    let saw = lambda.saw.lock().unwrap().clone();
    assert_eq!(saw, ["asks for a request", "answers", "finishes the background task", "asks for a request"]);
}
