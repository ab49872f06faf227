//! The HTTP server: API key, failures, idempotency, then the resource.

use std::{
    io,
    sync::{Arc, Mutex},
};

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Request, State as Shared},
    http::{Response, StatusCode},
};
use futures::stream;

use super::{
    error::StripeError,
    failures::{Failure, Failures},
    form::Form,
    idempotency::{Begin, Sent},
    routes,
    state::State,
};
use crate::gateway::Moment;

/// What requests and the test share.
#[derive(Debug)]
pub(super) struct Inner {
    pub(super) state: Mutex<State>,
    pub(super) failures: Failures,
    pub(super) received: Mutex<Vec<Received>>,
}

/// A request that arrived, also if its answer was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// `POST`
    pub method: String,
    /// `/v1/payment_intents`
    pub path: String,
    /// The parameters, in the order of their names: `metadata[paymentId]` and its like.
    pub parameters: Vec<(String, String)>,
    /// The value of `Idempotency-Key`.
    pub key: Option<String>,
    /// The status of the answer.
    pub status: u16,
    /// Whether the answer is the one to an earlier request with the key.
    pub replayed: bool,
}

/// The largest body that is read.
const MAX_BODY: usize = 1 << 20;

#[derive(Debug)]
struct Call {
    method: String,
    path: String,
    form: Form,
    key: Option<String>,
    has_api_key: bool,
}

/// An answer and whether it is a replay.
type Answered = (Sent, bool);

/// Serves a request to its end, also if the client gives up meanwhile, as Stripe does.
pub(super) async fn serve(Shared(inner): Shared<Arc<Inner>>, request: Request) -> Response<Body> {
    let Some(call) = Call::read(request).await else { return hang_up() };
    let key = call.key.clone();
    let answered = tokio::spawn(async move { inner.answer(call).await }).await.ok().flatten();
    let Some((sent, replayed)) = answered else { return hang_up() };
    let mut response = Response::builder()
        .status(StatusCode::from_u16(sent.status).unwrap())
        .header("content-type", "application/json")
        .header("stripe-version", "2025-03-31.basil")
        .header("request-id", &sent.request);
    if let Some(key) = key {
        response = response.header("idempotency-key", key);
    }
    if replayed {
        response = response.header("idempotent-replayed", "true").header("original-request", &sent.request);
    }
    response.body(Body::from(sent.body.to_string())).unwrap()
}

/// Ends the connection before the head of the answer is sent.
fn hang_up() -> Response<Body> {
    let lost = stream::once(async { Err::<Bytes, _>(io::Error::from(io::ErrorKind::ConnectionAborted)) });
    Response::new(Body::from_stream(lost))
}

impl Call {
    async fn read(request: Request) -> Option<Self> {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, MAX_BODY).await.ok()?;
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let is_read = parts.method == "GET" || parts.method == "DELETE";
        let text = if is_read { parts.uri.query().unwrap_or_default() } else { std::str::from_utf8(&body).ok()? };
        Some(Self {
            method: parts.method.to_string(),
            path: parts.uri.path().to_owned(),
            form: Form::parse(text),
            // "Don't send idempotency keys in GET and DELETE requests because it has no effect."
            key: header("idempotency-key").filter(|_| !is_read).map(str::to_owned),
            has_api_key: header("authorization").is_some_and(|value| value.starts_with("Bearer sk_test_")),
        })
    }
}

impl Inner {
    /// The answer; none if the connection ends instead.
    async fn answer(&self, call: Call) -> Option<Answered> {
        let failure = self.failures.next(&call.method, &call.path);
        if failure == Some(Failure::RequestLost) {
            return None;
        }
        let answered = self.answer_unless_lost(&call, failure).await;
        self.received.lock().unwrap().push(Received {
            method: call.method,
            path: call.path,
            parameters: call.form.0,
            key: call.key,
            status: answered.0.status,
            replayed: answered.1,
        });
        (failure != Some(Failure::AnswerLost)).then_some(answered)
    }

    async fn answer_unless_lost(&self, call: &Call, failure: Option<Failure>) -> Answered {
        let request = self.state.lock().unwrap().new_id("req");
        let refused =
            |error: StripeError| (Sent { status: error.status, body: error.body(), request: request.clone() }, false);
        if !call.has_api_key {
            return refused(StripeError::no_key());
        }
        let scripted = match failure {
            Some(Failure::Status(status) | Failure::AfterExecuting(status)) => Some(StripeError::of_status(status)),
            _ => None,
        };
        if let (Some(Failure::Status(_)), Some(error)) = (failure, &scripted)
            && !error.began
        {
            return refused(error.clone());
        }
        if let Some(key) = &call.key {
            let mut state = self.state.lock().unwrap();
            let now = state.clock.now();
            match state.idempotency.begin(key, &call.path, &call.form, now) {
                Ok(Begin::Execute) => {}
                Ok(Begin::Replay(sent)) => return (sent, true),
                Err(error) => return refused(error),
            }
        }
        self.failures.wait_at(&call.method, &call.path, Moment::Before).await;
        let answer = match scripted {
            Some(error) if matches!(failure, Some(Failure::Status(_))) => Err(error),
            Some(error) => {
                self.execute(call, &request).map(drop).unwrap_or_default();
                Err(StripeError { began: true, ..error })
            }
            None => self.execute(call, &request),
        };
        let (sent, began) = match answer {
            Ok(body) => (Sent { status: 200, body, request: request.clone() }, true),
            Err(error) => (Sent { status: error.status, body: error.body(), request: request.clone() }, error.began),
        };
        if let Some(key) = &call.key {
            self.state.lock().unwrap().idempotency.end(key, &sent, began);
        }
        self.failures.wait_at(&call.method, &call.path, Moment::After).await;
        (sent, false)
    }

    fn execute(&self, call: &Call, request: &str) -> super::error::Answer {
        let mut state = self.state.lock().unwrap();
        state.request = Some((request.to_owned(), call.key.clone()));
        let answer = routes::route(&mut state, &call.method, &call.path, &call.form);
        state.request = None;
        answer
    }
}
