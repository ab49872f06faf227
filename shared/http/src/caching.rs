//! Cacheable answers: `Cache-Control`, and an entity tag for revalidation.

use aws_lc_rs::digest;
use axum::{
    extract::FromRequestParts,
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Serialize;

use super::{
    headers::{EntityTag, EntityTags},
    problem::Problem,
};

/// Short, because prices and stock change; while the shop is unavailable, a stale answer is better than none.
const PUBLIC: HeaderValue = HeaderValue::from_static("public, max-age=10, stale-if-error=600");
/// An answer to a logged-in user may contain their drafts, and must show their own changes at once.
const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-cache");

/// The entity tags that the client has, and whether the answer is public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caching {
    known: Option<EntityTags>,
    is_public: bool,
}

impl<S: Sync> FromRequestParts<S> for Caching {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self {
            known: EntityTags::read(&parts.headers, &header::IF_NONE_MATCH),
            is_public: !parts.headers.contains_key(header::AUTHORIZATION),
        })
    }
}

impl Caching {
    /// Answers with `body`, or with 304 if the client has its current version.
    pub fn answer(&self, body: &impl Serialize) -> Result<Response, Problem> {
        let body = serde_json::to_vec(body).map_err(Problem::internal)?;
        let hash = digest::digest(&digest::SHA256, &body);
        let opaque = BASE64_URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16]);
        let mut response = if self.has(&opaque) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response()
        };
        let headers = response.headers_mut();
        // Weak, because a proxy may change the encoding of the content.
        headers.insert(header::ETAG, HeaderValue::from_str(&format!("W/\"{opaque}\"")).map_err(Problem::internal)?);
        headers.insert(header::CACHE_CONTROL, if self.is_public { PUBLIC } else { PRIVATE });
        headers.insert(header::VARY, HeaderValue::from_static("authorization"));
        Ok(response)
    }

    /// Whether the client has this tag, by weak comparison (RFC 9110, section 8.8.3.2).
    fn has(&self, current: &str) -> bool {
        match &self.known {
            None => false,
            Some(EntityTags::Any) => true,
            Some(EntityTags::Listed(tags)) => tags.iter().any(|EntityTag { opaque, .. }| opaque == current),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    async fn ask(headers: &[(&str, &str)]) -> Response {
        let mut request = Request::builder();
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut parts = request.body(()).unwrap().into_parts().0;
        let Ok(caching) = Caching::from_request_parts(&mut parts, &()).await;
        caching.answer(&"mug").unwrap()
    }

    #[tokio::test]
    async fn an_unchanged_answer_is_not_sent_again() {
        let first = ask(&[]).await;
        let tag = first.headers()["etag"].to_str().unwrap();
        assert_eq!(
            (first.status(), first.headers()["content-type"].to_str().unwrap()),
            (StatusCode::OK, "application/json")
        );
        let strong = tag.strip_prefix("W/").unwrap();
        for known in [tag, strong, "*", &format!("\"other\", {tag}"), &format!("\"a,b\",{strong}")] {
            let again = ask(&[("if-none-match", known)]).await;
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{known}");
            assert_eq!(again.headers()["etag"], tag);
        }
        let quoted = format!("\"x, {strong}");
        for other in ["\"other\"", "W/\"other\"", "", strong.trim_matches('"'), &quoted] {
            assert_eq!(ask(&[("if-none-match", other)]).await.status(), StatusCode::OK, "{other}");
        }
    }

    #[tokio::test]
    async fn private_answers_are_not_cached_for_others() {
        assert!(ask(&[]).await.headers()["cache-control"].to_str().unwrap().starts_with("public"));
        let personal = ask(&[("authorization", "Bearer x")]).await;
        assert_eq!(personal.headers()["cache-control"], "private, no-cache");
        assert_eq!(personal.headers()["vary"], "authorization");
    }
}
