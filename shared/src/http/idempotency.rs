//! One `Idempotency-Key`, one effect, one answer (invariant I2).

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::{App, IdempotencyKey, Problem, ProblemCode, identity::Buyer};
use crate::{
    domain::{Id, secret_hash::sha256_hex, user::User},
    store::idempotency::{Answer, Claim, Claimed, LEASE},
};

/// Set on an answer that was given before.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Which intention a request carries out: who asks, what for, and under which key.
#[derive(Clone, Debug)]
pub struct Intention {
    scope: String,
    fingerprint: String,
}

impl Intention {
    /// The intention of a user. `operation` names the endpoint, with the resource's id if it has one; `request` is the
    /// checked request, so that spaces and the order of fields do not make it another.
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

    /// The intention of a customer or a guest.
    pub fn of_buyer(
        buyer: &Buyer,
        operation: &str,
        key: &IdempotencyKey,
        request: &impl Serialize,
    ) -> Result<Self, Problem> {
        match buyer {
            Buyer::Customer(user) => Self::of_user(user.id, operation, key, request),
            Buyer::Guest(token) => Self::new(&format!("guest {}", sha256_hex(token)), operation, key, request),
        }
    }

    fn new(caller: &str, operation: &str, key: &IdempotencyKey, request: &impl Serialize) -> Result<Self, Problem> {
        let canonical = serde_json::to_string(request).map_err(Problem::internal)?;
        Ok(Self { scope: format!("{caller} | {operation} | {}", key.as_str()), fingerprint: sha256_hex(&canonical) })
    }
}

/// Carries an intention out once. `work` gets the claim, writes its answer in the transaction of its effect
/// ([`crate::store::idempotency::IdempotencyRecords::complete_in`]) and returns the same answer. A refusal stores nothing:
/// the same key may be tried again.
pub async fn once<F>(app: &App, intention: &Intention, work: F) -> Result<Response, Problem>
where
    F: AsyncFnOnce(&Claim) -> Result<Answer, Problem>,
{
    once_prepared(app, intention, std::future::ready(Ok(())), async |claim, ()| work(claim).await).await
}

/// Like [`once`], for work that first reads: it is prepared while the key is being claimed. `preparation` must change
/// nothing, because a repeat runs it too; its refusal counts only for whoever has the claim.
pub async fn once_prepared<P, F>(
    app: &App,
    intention: &Intention,
    preparation: impl Future<Output = Result<P, Problem>>,
    work: F,
) -> Result<Response, Problem>
where
    F: AsyncFnOnce(&Claim, P) -> Result<Answer, Problem>,
{
    let claiming = app.store.idempotency.claim(&intention.scope, &intention.fingerprint, app.clock.now());
    let (claimed, prepared) = futures::join!(claiming, preparation);
    let claim = match claimed? {
        Claimed::Yes(claim) => claim,
        Claimed::Answered(answer) => {
            let mut response = respond(answer);
            response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
            return Ok(response);
        }
        Claimed::InProgress => return Err(in_progress()),
        Claimed::Reused => return Err(Problem::new(ProblemCode::IdempotencyKeyReused)),
    };
    let outcome = match prepared {
        Ok(prepared) => work(&claim, prepared).await,
        Err(refusal) => Err(refusal),
    };
    match outcome {
        Ok(answer) => Ok(respond(answer)),
        // Nobody is there to release it: it runs out with its lease, and the customer hears of the outage sooner.
        Err(problem) if problem.code() == ProblemCode::Unavailable => Err(problem),
        Err(problem) => match app.store.idempotency.release(&claim).await {
            Ok(true) => Err(problem),
            // Whoever has the claim now decides; what stood in the way here may be the order that they placed.
            Ok(false) => Err(in_progress()),
            // Nor is it known whether somebody else has it. What was not released runs out with its lease.
            Err(error) => Err(error.into()),
        },
    }
}

/// Somebody is working on the same request.
pub fn in_progress() -> Problem {
    Problem::new(ProblemCode::IdempotencyInProgress).retry_after(1).detail(format!(
        "A request with this key is being worked on. Ask again in a moment; after {} s at the latest it is decided.",
        LEASE.as_secs()
    ))
}

/// An answer that can be kept: a status, a JSON body, and where the created thing is.
pub fn answer(status: StatusCode, body: &impl Serialize, location: Option<String>) -> Answer {
    // Views are plain data with text keys: writing them as JSON cannot fail.
    let body = serde_json::to_string(body).unwrap_or_default();
    Answer { status: i32::from(status.as_u16()), body, location }
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
