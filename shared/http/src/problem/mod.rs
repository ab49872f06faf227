//! Refusals as problems (RFC 9457).
//!
//! Only the parts for the client are serialised. The source (an error of the driver or of the gateway) is not: it is
//! attached to the response as a [`Report`], and `serve` logs it. Each function converts its domain errors in its own
//! `problems.rs`.

mod code;
mod transition;

use std::{error::Error, fmt, sync::Arc};

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{Map, Value};

pub use self::code::ProblemCode;
use super::request_id;
use shop_store::StoreError;
pub use shop_validation::{FieldCode, FieldError};

/// The `Retry-After` of an unavailable dependency.
const RETRY_AFTER_SECONDS: u64 = 2;

/// A refusal: the parts for the client, and the cause for the log.
pub struct Problem(Box<Parts>);

struct Parts {
    code: ProblemCode,
    detail: Option<String>,
    errors: Vec<FieldError>,
    members: Map<String, Value>,
    retry_after_seconds: Option<u64>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl Problem {
    /// A problem whose detail is the meaning of its code.
    pub fn new(code: ProblemCode) -> Self {
        Self(Box::new(Parts {
            code,
            detail: None,
            errors: Vec::new(),
            members: Map::new(),
            retry_after_seconds: None,
            source: None,
        }))
    }

    /// 404 for a resource (`what`: "order") that does not exist or that the caller must not see.
    pub fn not_found(what: &str) -> Self {
        Self::new(ProblemCode::NotFound).detail(format!("There is no such {what}."))
    }

    /// 500, with the cause for the log.
    pub fn internal(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(ProblemCode::Internal).source(source)
    }

    /// 503 with `Retry-After`, with the cause for the log.
    pub fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(ProblemCode::Unavailable).retry_after(RETRY_AFTER_SECONDS).source(source)
    }

    /// The explanation of this occurrence. Clients read it: no secrets, no internals.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Points at a field.
    #[must_use]
    pub fn field(self, pointer: impl Into<String>, code: FieldCode, message: impl Into<String>) -> Self {
        self.fields([FieldError { pointer: pointer.into(), code, message: message.into() }])
    }

    /// Points at fields.
    #[must_use]
    pub fn fields(mut self, errors: impl IntoIterator<Item = FieldError>) -> Self {
        self.0.errors.extend(errors);
        self
    }

    /// Adds a top-level member. The standard members cannot be replaced.
    #[must_use]
    pub fn member(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        match serde_json::to_value(value) {
            Ok(value) => {
                self.0.members.insert(name.into(), value);
            }
            // The refusal is more important than a member that cannot be serialised.
            Err(error) => tracing::warn!(%error, "a problem's member could not be written"),
        }
        self
    }

    /// Sets `Retry-After`, in seconds; at least 1.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after_seconds = Some(seconds.max(1));
        self
    }

    /// The cause, for the log only.
    #[must_use]
    pub fn source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The code.
    pub fn code(&self) -> ProblemCode {
        self.0.code
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.0.code.status()
    }

    /// The invalid fields.
    pub fn errors(&self) -> &[FieldError] {
        &self.0.errors
    }

    fn body(&mut self) -> Value {
        let parts = &mut *self.0;
        let mut body = Map::new();
        body.insert("type".to_owned(), format!("urn:shop:problem:{}", parts.code.as_str()).into());
        body.insert("title".to_owned(), parts.code.title().into());
        body.insert("status".to_owned(), parts.code.status().as_u16().into());
        body.insert("detail".to_owned(), parts.detail.take().unwrap_or_else(|| parts.code.meaning().to_owned()).into());
        body.insert("code".to_owned(), parts.code.as_str().into());
        body.insert("requestId".to_owned(), request_id::current().into());
        if !parts.errors.is_empty() {
            let errors = parts.errors.iter().map(
                |error| serde_json::json!({ "pointer": error.pointer, "code": error.code, "message": error.message }),
            );
            body.insert("errors".to_owned(), errors.collect());
        }
        for (name, value) in std::mem::take(&mut parts.members) {
            body.entry(name).or_insert(value);
        }
        Value::Object(body)
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = &*self.0;
        f.debug_struct("Problem")
            .field("code", &parts.code)
            .field("detail", &parts.detail)
            .field("errors", &parts.errors)
            .field("source", &parts.source)
            .finish_non_exhaustive()
    }
}
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.detail.as_deref().unwrap_or_else(|| self.0.code.title()))
    }
}
impl Error for Problem {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

/// The parts of a refusal for the log, attached to the response as an extension.
#[derive(Clone, Debug)]
pub struct Report {
    /// The code of the problem.
    pub code: ProblemCode,
    /// The cause and its causes, joined by `: `.
    pub causes: Option<Arc<str>>,
}

impl IntoResponse for Problem {
    fn into_response(mut self) -> Response {
        let report = Report { code: self.code(), causes: self.0.source.as_deref().map(|source| chain(source).into()) };
        let mut response = (self.status(), self.body().to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.0.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.code() == ProblemCode::InvalidToken {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer error=\"invalid_token\""));
        } else if self.status() == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(report);
        response
    }
}

/// An error and its causes in one line, for logs.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut line = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        // Many libraries repeat their source in their own text.
        if !line.contains(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        next = cause.source();
    }
    // A duplicate key error quotes the document's value, which may be a person's address.
    if let Some(at) = line.find("dup key") {
        line.truncate(at);
        line.push('…');
    }
    line
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::unavailable(error),
            StoreError::Contended => Self::new(ProblemCode::Busy).retry_after(1).source(error),
            // A concurrent request changed the same document: the client can load it again and retry.
            StoreError::VersionMismatch | StoreError::WriteConflict(_) => {
                Self::new(ProblemCode::Conflict).retry_after(1).source(error)
            }
            StoreError::DuplicateRequest => Self::new(ProblemCode::IdempotencyInProgress).retry_after(1),
            StoreError::Duplicate { .. }
            | StoreError::Corrupt(_)
            | StoreError::Missing(_)
            | StoreError::Unexpected(_) => Self::internal(error),
        }
    }
}

/// An error (RFC 9457).
#[derive(utoipa::ToSchema)]
#[schema(as = Problem)]
#[expect(dead_code, reason = "only its schema is used: the writer allows members beside these")]
#[schema(rename_all = "camelCase")]
pub struct ProblemDocument {
    /// `urn:shop:problem:` and the code.
    #[schema(example = "urn:shop:problem:insufficient_stock")]
    r#type: String,
    /// The same for every occurrence of the code.
    #[schema(example = "Not enough in stock")]
    title: String,
    /// The HTTP status.
    #[schema(example = 409)]
    status: u16,
    /// An explanation of this occurrence, for people.
    detail: String,
    /// Stable; branch on this.
    code: ProblemCode,
    /// Quote it when you ask for help.
    request_id: String,
    /// The invalid fields, if any.
    errors: Option<Vec<FieldError>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(problem: Problem) -> (Response<()>, Value) {
        let (parts, body) = problem.into_response().into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        (Response::from_parts(parts, ()), serde_json::from_slice(&bytes).unwrap())
    }

    #[tokio::test]
    async fn a_problem_follows_the_contract_and_hides_its_cause() {
        let cause = std::io::Error::other("connection to 10.0.0.7 refused");
        let problem = Problem::new(ProblemCode::InsufficientStock)
            .detail("Only 3 are left.")
            .field("/items/0/quantity", FieldCode::OutOfRange, "at most 3")
            .member("available", 3)
            .member("code", "mine")
            .retry_after(0)
            .source(cause);
        let (response, body) = read(problem).await;
        assert_eq!(response.status(), 409);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert_eq!(response.headers()["retry-after"], "1");
        assert_eq!(
            body,
            serde_json::json!({
                "type": "urn:shop:problem:insufficient_stock",
                "title": "Not enough in stock",
                "status": 409,
                "detail": "Only 3 are left.",
                "code": "insufficient_stock",
                "requestId": "",
                "errors": [{ "pointer": "/items/0/quantity", "code": "out_of_range", "message": "at most 3" }],
                "available": 3,
            })
        );
        let report = response.extensions().get::<Report>().unwrap();
        assert_eq!(report.causes.as_deref(), Some("connection to 10.0.0.7 refused"));
    }

    #[tokio::test]
    async fn a_401_says_how_to_authenticate() {
        let (response, _) = read(Problem::new(ProblemCode::NotAuthenticated)).await;
        assert_eq!(response.headers()["www-authenticate"], "Bearer");
        let (response, _) = read(Problem::new(ProblemCode::InvalidToken)).await;
        assert_eq!(response.headers()["www-authenticate"], "Bearer error=\"invalid_token\"");
    }

    #[test]
    fn a_duplicate_keys_value_stays_out_of_the_log() {
        let error =
            std::io::Error::other("E11000 duplicate key index: email_1 dup key: { email: \"ada@example.test\" }");
        assert_eq!(chain(&error), "E11000 duplicate key index: email_1 …");
    }
}
