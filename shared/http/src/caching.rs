//! Answers that browsers and proxies may keep: `Cache-Control`, and an entity tag by which they ask whether what they have
//! is still good.

use aws_lc_rs::digest;
use axum::{
    extract::FromRequestParts,
    http::{HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Serialize;

use super::problem::Problem;

/// Prices and stock are in there, so not for long; but while we are away, an old answer is better than none.
const FOR_ANYBODY: HeaderValue = HeaderValue::from_static("public, max-age=10, stale-if-error=600");
/// Sellers see their drafts, so what is answered to somebody is for them alone, and they want to see what they just did.
const FOR_ONE: HeaderValue = HeaderValue::from_static("private, no-cache");

/// What the client has already, and whether the answer is for anybody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caching {
    known_tags: Vec<String>,
    is_for_anybody: bool,
}

impl<S: Sync> FromRequestParts<S> for Caching {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let lines = parts.headers.get_all(header::IF_NONE_MATCH).iter();
        let tags = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(','));
        Ok(Self {
            known_tags: tags.map(|tag| opaque(tag).to_owned()).collect(),
            is_for_anybody: !parts.headers.contains_key(header::AUTHORIZATION),
        })
    }
}

impl Caching {
    /// Answers with `body`, or with 304 if the client has it.
    pub fn answer(&self, body: &impl Serialize) -> Result<Response, Problem> {
        let body = serde_json::to_vec(body).map_err(Problem::internal)?;
        let hash = digest::digest(&digest::SHA256, &body);
        // Weak: the same content, whatever a proxy does to its encoding.
        let tag = format!("W/\"{}\"", BASE64_URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16]));
        let mut response = if self.known_tags.iter().any(|known| known == "*" || known == opaque(&tag)) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response()
        };
        let headers = response.headers_mut();
        headers.insert(header::ETAG, HeaderValue::from_str(&tag).map_err(Problem::internal)?);
        headers.insert(header::CACHE_CONTROL, if self.is_for_anybody { FOR_ANYBODY } else { FOR_ONE });
        headers.insert(header::VARY, HeaderValue::from_static("authorization"));
        Ok(response)
    }
}

/// What weak comparison compares.
fn opaque(tag: &str) -> &str {
    let tag = tag.trim();
    tag.strip_prefix("W/").unwrap_or(tag)
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
        for known in [tag, tag.strip_prefix("W/").unwrap(), "*", &format!("\"other\", {tag}")] {
            let again = ask(&[("if-none-match", known)]).await;
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{known}");
            assert_eq!(again.headers()["etag"], tag);
        }
        for other in ["\"other\"", "W/\"other\"", ""] {
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
