//! Cross-origin resource sharing (CORS), as the Fetch standard defines it.

use axum::http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

/// The allowed origins: a list, or any. Requests authenticate by tokens and not by cookies, so `*` gives no page the
/// identity of its visitors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorsOrigins(Allowed);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Allowed {
    Any,
    These { listed: Vec<HeaderValue>, loopback: bool },
}

/// The text is not a list of origins.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("origins are written like https://shop.example,http://localhost:3000, or * for any")]
pub struct InvalidOrigins;

impl CorsOrigins {
    /// Allows no origin.
    pub const fn none() -> Self {
        Self(Allowed::These { listed: Vec::new(), loopback: false })
    }

    /// Also allows the origins of this machine, on every port. For development only.
    #[must_use]
    pub fn and_loopback(self) -> Self {
        match self.0 {
            Allowed::Any => self,
            Allowed::These { listed, .. } => Self(Allowed::These { listed, loopback: true }),
        }
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
        let listed = origins.collect::<Result<_, _>>()?;
        Ok(Self(Allowed::These { listed, loopback: false }))
    }

    /// The layer that answers preflight requests and sets the CORS headers.
    pub(super) fn layer(&self) -> CorsLayer {
        let origins = match &self.0 {
            Allowed::Any => AllowOrigin::any(),
            Allowed::These { listed, loopback: false } => AllowOrigin::list(listed.iter().cloned()),
            Allowed::These { listed, loopback: true } => {
                let listed = listed.clone();
                AllowOrigin::predicate(move |origin, _| is_loopback(origin) || listed.contains(origin))
            }
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

/// Whether an origin is on this machine: `http://localhost:3000`, `http://127.0.0.1:5173`, `http://[::1]:4200`.
fn is_loopback(origin: &HeaderValue) -> bool {
    let host = origin.to_str().ok().and_then(|origin| {
        // A development server may use TLS.
        origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"))
    });
    let port =
        host.and_then(|host| ["localhost", "127.0.0.1", "[::1]"].iter().find_map(|name| host.strip_prefix(name)));
    let is_port = |port: &str| port.starts_with(|first: char| first.is_ascii_digit()) && port.parse::<u16>().is_ok();
    port.is_some_and(|port| port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_a_list_or_any() {
        assert_eq!(CorsOrigins::parse(" * "), Ok(CorsOrigins(Allowed::Any)));
        assert_eq!(CorsOrigins::parse(""), Ok(CorsOrigins::none()));
        let two = CorsOrigins::parse("https://shop.example, http://localhost:3000").unwrap();
        assert!(matches!(two.0, Allowed::These { listed, loopback: false } if listed.len() == 2));
        for bad in ["shop.example", "https://", "https://shop.example/", "https://a b", "ftp://x", "null"] {
            assert_eq!(CorsOrigins::parse(bad), Err(InvalidOrigins), "{bad}");
        }
    }

    #[test]
    fn only_pages_of_this_machine_are_loopback() {
        let is_loopback = |origin: &'static str| is_loopback(&HeaderValue::from_static(origin));
        for own in [
            "http://localhost",
            "http://localhost:3000",
            "https://localhost:5173",
            "http://127.0.0.1:8080",
            "http://[::1]:65535",
        ] {
            assert!(is_loopback(own), "{own}");
        }
        for other in [
            "null",
            "",
            "http://",
            "localhost:3000",
            "ftp://localhost",
            "file://localhost",
            "http://localhost.evil.example",
            "http://localhostess:3000",
            "http://evil.example:3000",
            "http://evil.example/http://localhost:3000",
            "http://localhost:3000.evil.example",
            "http://localhost:99999",
            "http://localhost:",
            "http://localhost:+80",
            "http://localhost:3000/",
            "http://127.0.0.2:3000",
            "http://[::2]:3000",
            "http://user@localhost:3000",
        ] {
            assert!(!is_loopback(other), "{other}");
        }
    }
}
