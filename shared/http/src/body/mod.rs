//! Request bodies: parsed and validated, or refused with a problem that points at the invalid fields.
//!
//! The order of checks is fixed: media type, size, syntax, raw card data, shape, ranges. No message quotes a value,
//! because it may be a secret in the wrong field.

mod card_data;
mod card_number;

use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Request},
    http::{HeaderMap, header},
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::DeserializeOwned;

pub use self::card_data::refuse_card_number;
use super::problem::{Problem, ProblemCode};
use shop_validation::{FieldError, Validate, Violations, json};

/// The largest body that a JSON operation reads.
pub const BODY_LIMIT_BYTES: usize = 256 * 1024;

/// A validated JSON body. Card numbers and security codes are refused before anything is stored.
#[derive(Clone, Copy, Debug)]
pub struct Valid<T>(pub T);

/// Like [`Valid`]; an empty body counts as `{}`.
#[derive(Clone, Copy, Debug)]
pub struct OptionalBody<T>(pub T);

/// The unparsed body, of at most `LIMIT` bytes and any media type: signatures cover the exact bytes.
#[derive(Clone, Debug)]
pub struct RawBody<const LIMIT: usize = BODY_LIMIT_BYTES>(pub Bytes);

impl<T, S> FromRequest<S> for Valid<T>
where
    T: DeserializeOwned + Validate,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        json_body(request).await.and_then(|bytes| parse(&bytes)).map(Self)
    }
}

impl<T, S> FromRequest<S> for OptionalBody<T>
where
    T: DeserializeOwned + Validate,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = read(&parts.headers, body, BODY_LIMIT_BYTES).await?;
        if json::without_bom(&bytes).is_empty() {
            return parse(b"{}").map(Self);
        }
        require_json(&parts.headers)?;
        parse(&bytes).map(Self)
    }
}

impl<S: Send + Sync, const LIMIT: usize> FromRequest<S> for RawBody<LIMIT> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        read(&parts.headers, body, LIMIT).await.map(Self)
    }
}

async fn json_body(request: Request) -> Result<Bytes, Problem> {
    let (parts, body) = request.into_parts();
    require_json(&parts.headers)?;
    read(&parts.headers, body, BODY_LIMIT_BYTES).await
}

fn require_json(headers: &HeaderMap) -> Result<(), Problem> {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        Ok(())
    } else {
        Err(Problem::new(ProblemCode::UnsupportedMediaType)
            .detail("Send the body with Content-Type: application/json."))
    }
}

async fn read(headers: &HeaderMap, body: Body, limit: usize) -> Result<Bytes, Problem> {
    let too_large =
        || Problem::new(ProblemCode::BodyTooLarge).detail(format!("The body must not exceed {limit} bytes."));
    // Refused unread by its Content-Length; the bytes are counted all the same, because the header may be wrong.
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|size| size > limit as u64) {
        return Err(too_large());
    }
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
        Err(error) => Err(Problem::new(ProblemCode::MalformedRequest).detail("The body is incomplete.").source(error)),
    }
}

/// Parses and validates a JSON document as [`Valid`] does, for documents that do not come as a request's body.
pub fn parse<T>(bytes: &[u8]) -> Result<T, Problem>
where
    T: DeserializeOwned + Validate,
{
    let document = json::parse(bytes)
        .map_err(|error| Problem::new(ProblemCode::MalformedJson).detail(format!("The body {error}.")))?;
    card_data::refuse(&document.value)?;
    if let Some(duplicate) = document.duplicate() {
        let detail = "An object contains the same name twice.";
        return Err(Problem::new(ProblemCode::MalformedJson).detail(detail).fields([duplicate]));
    }
    let value: T =
        document.read().map_err(|error| Problem::new(ProblemCode::InvalidBody).fields([FieldError::from(error)]))?;
    match Violations::of(&value) {
        errors if errors.is_empty() => Ok(value),
        errors => Err(Problem::new(ProblemCode::ValidationFailed).fields(errors)),
    }
}

#[cfg(test)]
mod tests;
