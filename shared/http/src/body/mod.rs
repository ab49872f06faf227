//! Bodies: from bytes to a value whose shape and ranges are right, or to a problem that points at what is wrong.
//!
//! The order is fixed: media type, size, syntax, raw card data, shape, ranges. No message quotes a value, because a
//! value may be a secret that was sent to the wrong place.

mod card_data;

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

/// A validated JSON body of an operation that people may mistake for a card form: card numbers and security codes are
/// refused unread.
#[derive(Clone, Copy, Debug)]
pub struct Valid<T>(pub T);

/// Like [`Valid`]; no body at all counts as `{}`.
#[derive(Clone, Copy, Debug)]
pub struct OptionalBody<T>(pub T);

/// Like [`Valid`] without the search for card data: barcodes and tracking numbers pass the same checksum.
#[derive(Clone, Copy, Debug)]
pub struct ValidCatalogue<T>(pub T);

/// A body as it came, up to `LIMIT` bytes, of any media type: signatures cover exact bytes.
#[derive(Clone, Debug)]
pub struct RawBody<const LIMIT: usize = BODY_LIMIT_BYTES>(pub Bytes);

impl<T, S> FromRequest<S> for Valid<T>
where
    T: DeserializeOwned + Validate,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        json_body(request).await.and_then(|bytes| parse(&bytes, Cards::Refused)).map(Self)
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
            return parse(b"{}", Cards::Refused).map(Self);
        }
        require_json(&parts.headers)?;
        parse(&bytes, Cards::Refused).map(Self)
    }
}

impl<T, S> FromRequest<S> for ValidCatalogue<T>
where
    T: DeserializeOwned + Validate,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        json_body(request).await.and_then(|bytes| parse(&bytes, Cards::Ignored)).map(Self)
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
        || Problem::new(ProblemCode::BodyTooLarge).detail(format!("The body may have {limit} bytes at most."));
    // A body that announces its size need not be read to be refused; one that lies about it is counted.
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|size| size > limit as u64) {
        return Err(too_large());
    }
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
        Err(error) => {
            Err(Problem::new(ProblemCode::MalformedRequest).detail("The body ended before its time.").source(error))
        }
    }
}

/// What to do about values that look like card data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cards {
    /// Refuse the document.
    Refused,
    /// Take no notice.
    Ignored,
}

/// Parses and validates a JSON document as [`Valid`] does, for documents that do not come as a request's body.
pub fn parse<T>(bytes: &[u8], cards: Cards) -> Result<T, Problem>
where
    T: DeserializeOwned + Validate,
{
    let document = json::parse(bytes)
        .map_err(|error| Problem::new(ProblemCode::MalformedJson).detail(format!("The body {error}.")))?;
    if cards == Cards::Refused {
        card_data::refuse(&document.value)?;
    }
    if let Some(duplicate) = document.duplicate() {
        let detail = "A name occurs twice in one object.";
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
