//! One `Idempotency-Key`, one effect, one answer (invariant I2).

use std::time::{Duration, Instant};

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::{App, IdempotencyKey, Problem, ProblemCode};
use shop_domain::{Buyer, Id, Timestamp, secret_hash::sha256_hex, user::User};
use shop_store::{
    StoreError, backoff,
    idempotency::{Answer, IdempotencyRecord, RETENTION},
};

/// Set on a replayed answer.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// How long a duplicate waits for the answer to the first request.
const DUPLICATE_TIMEOUT: Duration = Duration::from_secs(2);

/// A request with an `Idempotency-Key`, identified by its caller, operation and key.
#[derive(Clone, Debug)]
pub struct KeyedRequest {
    scope: String,
    fingerprint: String,
}

impl KeyedRequest {
    /// The request of a user. `operation` names the endpoint, with the resource's id if it has one; `request` is the
    /// parsed request, so that white space and the order of fields do not matter.
    ///
    /// # Errors
    /// Never for the request types of this project: they are plain data.
    pub fn of_user(
        user: Id<User>,
        operation: &str,
        key: &IdempotencyKey,
        request: &impl Serialize,
    ) -> Result<Self, Problem> {
        Self::new(&format!("user {user}"), operation, key, request)
    }

    /// The request of a customer or a guest.
    pub fn of_buyer(
        buyer: &Buyer,
        operation: &str,
        key: &IdempotencyKey,
        request: &impl Serialize,
    ) -> Result<Self, Problem> {
        match buyer {
            Buyer::Customer(user) => Self::of_user(*user, operation, key, request),
            Buyer::Guest(token_hash) => Self::new(&format!("guest {token_hash}"), operation, key, request),
        }
    }

    fn new(caller: &str, operation: &str, key: &IdempotencyKey, request: &impl Serialize) -> Result<Self, Problem> {
        let canonical = serde_json::to_string(request).map_err(Problem::internal)?;
        Ok(Self { scope: format!("{caller} | {operation} | {}", key.as_str()), fingerprint: sha256_hex(&canonical) })
    }

    /// The record to insert in the transaction of the effect: status, JSON body and the location of the created
    /// resource.
    pub fn record(
        &self,
        status: StatusCode,
        body: &impl Serialize,
        location: Option<String>,
        now: Timestamp,
    ) -> IdempotencyRecord {
        // Views are plain data with text keys: writing them as JSON cannot fail.
        let body = serde_json::to_string(body).unwrap_or_default();
        IdempotencyRecord {
            scope: self.scope.clone(),
            fingerprint: self.fingerprint.clone(),
            answer: Answer { status: i32::from(status.as_u16()), body, location },
            expires_at: now.plus(RETENTION),
        }
    }

    fn replay(&self, record: IdempotencyRecord) -> Result<Response, Problem> {
        if record.fingerprint != self.fingerprint {
            return Err(Problem::new(ProblemCode::IdempotencyKeyReused));
        }
        let mut response = respond(record.answer);
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        Ok(response)
    }
}

/// Executes a request once, or replays its answer. `work` inserts its record in the transaction of its effect
/// ([`shop_store::idempotency::IdempotencyRecords::insert_in`]) and returns it. A refusal has no record, so that the
/// key can be retried.
pub async fn once<F>(app: &App, request: &KeyedRequest, work: F) -> Result<Response, Problem>
where
    F: AsyncFnOnce() -> Result<IdempotencyRecord, Problem>,
{
    once_prepared(app, request, std::future::ready(Ok(())), async |()| work().await).await
}

/// Like [`once`], for work that reads first: `preparation` runs while the record is looked up. It must change nothing,
/// because a replay runs it too.
pub async fn once_prepared<P, F>(
    app: &App,
    request: &KeyedRequest,
    preparation: impl Future<Output = Result<P, Problem>>,
    work: F,
) -> Result<Response, Problem>
where
    F: AsyncFnOnce(P) -> Result<IdempotencyRecord, Problem>,
{
    let lookup = app.store.idempotency.find(&request.scope, app.clock.now());
    let (found, prepared) = futures::join!(lookup, preparation);
    if let Some(record) = found? {
        return request.replay(record);
    }
    let outcome = match prepared {
        Ok(prepared) => work(prepared).await,
        Err(refusal) => Err(refusal),
    };
    match outcome {
        Ok(record) => Ok(respond(record.answer)),
        Err(problem) if problem.code() == ProblemCode::Unavailable => Err(problem),
        // The refusal may be due to the first of two duplicates, such as a cart that became its order meanwhile.
        Err(problem) => {
            let is_in_progress = problem.code() == ProblemCode::IdempotencyInProgress;
            match recorded_meanwhile(app, request, is_in_progress).await? {
                Some(record) => request.replay(record),
                None => Err(problem),
            }
        }
    }
}

/// The record that a duplicate has inserted meanwhile; waited for while that one is in progress.
async fn recorded_meanwhile(
    app: &App,
    request: &KeyedRequest,
    is_in_progress: bool,
) -> Result<Option<IdempotencyRecord>, StoreError> {
    let started = Instant::now();
    for attempt in 0.. {
        let found = app.store.idempotency.find_linearizable(&request.scope, app.clock.now()).await?;
        if found.is_some() || !is_in_progress || started.elapsed() >= DUPLICATE_TIMEOUT {
            return Ok(found);
        }
        tokio::time::sleep(backoff(attempt)).await;
    }
    Ok(None)
}

fn respond(answer: Answer) -> Response {
    let status = u16::try_from(answer.status).ok().and_then(|status| StatusCode::from_u16(status).ok());
    let mut response = (status.unwrap_or(StatusCode::OK), answer.body).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(location) = answer.location.and_then(|location| HeaderValue::from_str(&location).ok()) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}
