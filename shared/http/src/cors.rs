//! Whose browsers may call (the Fetch standard's CORS protocol).

use axum::http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

/// The origins whose pages may call: a list, or any. Calls carry tokens, not cookies, so that `*` gives nobody a
/// visitor's identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorsOrigins(Allowed);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Allowed {
    Any,
    These(Vec<HeaderValue>),
}

/// The text is not a list of origins.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("origins are written like https://shop.example,http://localhost:3000, or * for any")]
pub struct InvalidOrigins;

impl CorsOrigins {
    /// No page may call.
    pub const fn none() -> Self {
        Self(Allowed::These(Vec::new()))
    }

    /// Reads a comma-separated list of origins, or `*`.
    pub fn parse(text: &str) -> Result<Self, InvalidOrigins> {
        if text.trim() == "*" {
            return Ok(Self(Allowed::Any));
        }
        let origins = text.split(',').map(str::trim).filter(|origin| !origin.is_empty()).map(|origin| {
            let host =
                origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://")).ok_or(InvalidOrigins)?;
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':' | b'[' | b']');
            if host.is_empty() || !host.bytes().all(plain) {
                return Err(InvalidOrigins);
            }
            HeaderValue::from_str(origin).map_err(|_| InvalidOrigins)
        });
        origins.collect::<Result<_, _>>().map(Allowed::These).map(Self)
    }

    /// What answers preflights and marks answers.
    pub(super) fn layer(&self) -> CorsLayer {
        let origins = match &self.0 {
            Allowed::Any => AllowOrigin::any(),
            Allowed::These(origins) => AllowOrigin::list(origins.iter().cloned()),
        };
        CorsLayer::new()
            .allow_origin(origins)
            .allow_methods([Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
            .allow_headers([
                header::AUTHORIZATION,
                header::CONTENT_TYPE,
                header::IF_MATCH,
                header::IF_NONE_MATCH,
                HeaderName::from_static(super::headers::IDEMPOTENCY_KEY),
                HeaderName::from_static(super::headers::CART_TOKEN),
                HeaderName::from_static("x-request-id"),
            ])
            .expose_headers([
                header::ETAG,
                header::LOCATION,
                header::RETRY_AFTER,
                HeaderName::from_static("idempotent-replayed"),
                HeaderName::from_static(super::headers::CART_TOKEN),
                HeaderName::from_static("x-request-id"),
            ])
            .max_age(std::time::Duration::from_secs(600))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_a_list_or_any() {
        assert_eq!(CorsOrigins::parse(" * "), Ok(CorsOrigins(Allowed::Any)));
        assert_eq!(CorsOrigins::parse(""), Ok(CorsOrigins::none()));
        let two = CorsOrigins::parse("https://shop.example, http://localhost:3000").unwrap();
        assert!(matches!(two.0, Allowed::These(origins) if origins.len() == 2));
        for bad in ["shop.example", "https://", "https://shop.example/", "https://a b", "ftp://x", "null"] {
            assert_eq!(CorsOrigins::parse(bad), Err(InvalidOrigins), "{bad}");
        }
    }
}
