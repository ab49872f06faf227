//! What is known about the request in progress: its id, and who turned out to be asking.
//!
//! `serve` opens the scope around each request; problems and log lines made inside it read from it, so that no handler
//! has to pass an id around.

use std::{
    convert::Infallible,
    sync::{Arc, OnceLock},
};

use axum::{extract::FromRequestParts, http::request::Parts};

use shop_domain::{Id, user::User};

tokio::task_local! {
    static CURRENT: Arc<Facts>;
}

/// The facts of one request.
#[derive(Debug)]
pub(super) struct Facts {
    /// The request's id.
    pub(super) id: String,
    user: OnceLock<Id<User>>,
}

impl Facts {
    pub(super) fn new(id: String) -> Arc<Self> {
        Arc::new(Self { id, user: OnceLock::new() })
    }

    /// Who is asking, once an extractor has found out.
    pub(super) fn user(&self) -> Option<Id<User>> {
        self.user.get().copied()
    }
}

/// Runs `work` as part of the request with these facts.
pub(super) async fn scope<F: Future>(facts: Arc<Facts>, work: F) -> F::Output {
    CURRENT.scope(facts, work).await
}

/// Remembers for the log line who is asking.
pub(super) fn record_user(id: Id<User>) {
    let _ = CURRENT.try_with(|facts| facts.user.set(id));
}

/// The id of the request in progress; empty outside of one.
pub(super) fn current() -> String {
    CURRENT.try_with(|facts| facts.id.clone()).unwrap_or_default()
}

/// The id under which this request is logged and answered (`X-Request-Id`). Messages carry it on as their
/// correlation id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub String);

impl<S: Sync> FromRequestParts<S> for RequestId {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(current()))
    }
}
