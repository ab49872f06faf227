//! The context of the request in progress: its id and its authenticated user.
//!
//! `serve` opens the scope around each request. Problems and log lines read the context from it, so that handlers need
//! not pass the id.

use std::{
    convert::Infallible,
    sync::{Arc, OnceLock},
};

use axum::{extract::FromRequestParts, http::request::Parts};

use shop_domain::{Id, user::User};

tokio::task_local! {
    static CURRENT: Arc<Context>;
}

/// The id and the authenticated user of a request.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) id: String,
    user: OnceLock<Id<User>>,
}

impl Context {
    pub(super) fn new(id: String) -> Arc<Self> {
        Arc::new(Self { id, user: OnceLock::new() })
    }

    /// The authenticated user, once an extractor has verified the token.
    pub(super) fn user(&self) -> Option<Id<User>> {
        self.user.get().copied()
    }
}

/// Runs `work` in the context of a request.
pub(super) async fn scope<F: Future>(context: Arc<Context>, work: F) -> F::Output {
    CURRENT.scope(context, work).await
}

/// Records the authenticated user for the log.
pub(super) fn record_user(id: Id<User>) {
    let _ = CURRENT.try_with(|context| context.user.set(id));
}

/// The id of the request in progress; empty outside of one.
pub(super) fn current() -> String {
    CURRENT.try_with(|context| context.id.clone()).unwrap_or_default()
}

/// The id of this request in the log and in the response (`X-Request-Id`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub String);

impl<S: Sync> FromRequestParts<S> for RequestId {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(current()))
    }
}
