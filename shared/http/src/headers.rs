//! Request headers and the client's address, parsed once.

use std::net::IpAddr;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, HeaderValue, header, request::Parts},
};
use lambda_http::request::RequestContext;

use super::problem::{Problem, ProblemCode};

/// The header of a guest's cart token.
pub const CART_TOKEN: &str = "x-cart-token";
/// The header of the idempotency key.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Identifies a request and its retries: 1 to 255 visible ASCII characters. Required by operations that must not be
/// executed twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut values = parts.headers.get_all(IDEMPOTENCY_KEY).iter();
        match (values.next(), values.next()) {
            (None, _) => Err(Problem::new(ProblemCode::IdempotencyKeyRequired)),
            (Some(value), None) => visible(value, 255).map(Self).ok_or_else(|| {
                Problem::new(ProblemCode::InvalidHeader)
                    .detail("Send an Idempotency-Key header of 1 to 255 visible ASCII characters.")
            }),
            (Some(_), Some(_)) => {
                Err(Problem::new(ProblemCode::InvalidHeader).detail("Send exactly one Idempotency-Key header."))
            }
        }
    }
}

/// The entity tags of a precondition: the members of `If-Match` or `If-None-Match` (RFC 9110, sections 13.1.1 and
/// 13.1.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum EntityTags {
    /// `*`
    Any,
    /// A list. Members that are not entity tags are left out, because they match nothing.
    Listed(Vec<EntityTag>),
}

/// `"3"`, or `W/"3"` for a weak tag: equivalent content, not identical bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EntityTag {
    pub(super) is_weak: bool,
    pub(super) opaque: String,
}

impl EntityTags {
    /// The members of a header, whether they come in one line or several; `None` without the header.
    pub(super) fn read(headers: &HeaderMap, name: &HeaderName) -> Option<Self> {
        let lines: Vec<&str> = headers.get_all(name).iter().map(|line| line.to_str().unwrap_or_default()).collect();
        match lines.as_slice() {
            [] => None,
            [only] if only.trim() == "*" => Some(Self::Any),
            lines => Some(Self::Listed(lines.iter().flat_map(|line| EntityTag::list(line)).collect())),
        }
    }
}

impl EntityTag {
    /// The entity tags of one line. A comma within the quotes is part of a tag.
    fn list(line: &str) -> Vec<Self> {
        let mut is_quoted = false;
        let separates = move |character| {
            is_quoted ^= character == '"';
            character == ',' && !is_quoted
        };
        line.split(separates).filter_map(|member| Self::read(member.trim())).collect()
    }

    fn read(text: &str) -> Option<Self> {
        let (is_weak, quoted) = text.strip_prefix("W/").map_or((false, text), |quoted| (true, quoted));
        let opaque = quoted.strip_prefix('"')?.strip_suffix('"')?;
        (!opaque.contains('"')).then(|| Self { is_weak, opaque: opaque.to_owned() })
    }
}

/// The versions that the client expects (`If-Match: "3"`): a change is allowed if the current version is among them, or
/// if the header is absent or `*`. A header without any valid version is 412.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IfMatch(Option<Vec<i64>>);

impl IfMatch {
    /// Allows every version.
    pub const ANY: Self = Self(None);

    /// Whether a resource of this version may be changed.
    pub fn allows(&self, version: i64) -> bool {
        self.0.as_ref().is_none_or(|versions| versions.contains(&version))
    }
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Some(EntityTags::Listed(tags)) = EntityTags::read(&parts.headers, &header::IF_MATCH) else {
            return Ok(Self::ANY);
        };
        // If-Match compares strongly, and only the canonical form of a number is the tag of a version.
        let strong = tags.iter().filter(|tag| !tag.is_weak);
        let versions: Vec<i64> = strong
            .filter_map(|tag| tag.opaque.parse().ok().filter(|version: &i64| version.to_string() == tag.opaque))
            .collect();
        if versions.is_empty() { Err(Problem::new(ProblemCode::PreconditionFailed)) } else { Ok(Self(Some(versions))) }
    }
}

/// The entity tag of a version, as [`IfMatch`] reads it.
pub fn version_tag(version: i64) -> HeaderValue {
    // Digits and quotes are always a header value.
    HeaderValue::from_str(&format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

/// The token of a guest's cart, if one was sent. Redacted in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct CartToken(pub Option<String>);

impl std::fmt::Debug for CartToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "CartToken(…)" } else { "CartToken(none)" })
    }
}

impl CartToken {
    /// Reads the header. A malformed token is `cart_not_found`, as an unknown one is.
    pub(super) fn read(parts: &Parts) -> Result<Self, Problem> {
        match parts.headers.get(CART_TOKEN) {
            None => Ok(Self(None)),
            Some(value) => match visible(value, 128) {
                Some(token) => Ok(Self(Some(token))),
                None => Err(Problem::new(ProblemCode::CartNotFound)),
            },
        }
    }
}

impl<S: Sync> FromRequestParts<S> for CartToken {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::read(parts)
    }
}

/// The IP address of the client, for throttling. Never read from a header, which any client can set: in Lambda it is
/// the source address of API Gateway; elsewhere the server inserts a `ClientAddress` into the request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    /// Requests without an address share this one, so that they cannot bypass a throttle.
    const UNKNOWN: Self = Self(IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED));

    /// The key of a throttle: the address range that one subscriber usually has, an IPv4 address or an IPv6 /64
    /// network.
    pub fn subscriber(self) -> String {
        match self.0.to_canonical() {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}")
            }
        }
    }
}

impl<S: Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        if let Some(RequestContext::ApiGatewayV2(context)) = parts.extensions.get() {
            let address = context.http.source_ip.as_deref().and_then(|address| address.parse().ok());
            return Ok(address.map_or(Self::UNKNOWN, Self));
        }
        Ok(parts.extensions.get().copied().unwrap_or(Self::UNKNOWN))
    }
}

fn visible(value: &HeaderValue, limit: usize) -> Option<String> {
    let bytes = value.as_bytes();
    let fits = (1..=limit).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic);
    fits.then(|| value.to_str().ok().map(str::to_owned)).flatten()
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn request(name: &str, values: &[&str]) -> Parts {
        let mut builder = Request::builder();
        for value in values {
            builder = builder.header(name, *value);
        }
        builder.body(()).unwrap().into_parts().0
    }

    async fn key(values: &[&str]) -> Result<String, ProblemCode> {
        let key = IdempotencyKey::from_request_parts(&mut request(IDEMPOTENCY_KEY, values), &()).await;
        key.map(|key| key.as_str().to_owned()).map_err(|problem| problem.code())
    }

    #[tokio::test]
    async fn an_idempotency_key_is_1_to_255_visible_characters() {
        assert_eq!(key(&[]).await, Err(ProblemCode::IdempotencyKeyRequired));
        assert_eq!(key(&["order-1"]).await.as_deref(), Ok("order-1"));
        assert!(key(&[&"x".repeat(255)]).await.is_ok());
        for bad in ["", "a b", "caf\u{e9}", &"x".repeat(256)] {
            assert_eq!(key(&[bad]).await, Err(ProblemCode::InvalidHeader), "{bad}");
        }
        assert_eq!(key(&["a", "b"]).await, Err(ProblemCode::InvalidHeader));
    }

    #[tokio::test]
    async fn if_match_is_a_list_of_versions_of_which_one_has_to_match() {
        let read = |lines: &'static [&'static str]| async move {
            IfMatch::from_request_parts(&mut request("if-match", lines), &()).await.map_err(|problem| problem.code())
        };
        assert_eq!(read(&[]).await, Ok(IfMatch::ANY));
        assert_eq!(read(&["*"]).await, Ok(IfMatch::ANY));
        assert!(IfMatch::ANY.allows(0) && IfMatch::ANY.allows(3));
        let lists: [&[&str]; 8] = [
            &["\"3\""],
            &["\"99\", \"3\""],
            &["\"3\",\"99\""],
            &["\"99\"", "\"3\""],
            &["\"a, b\", \"3\""],
            &["W/\"1\", \"3\""],
            &["nonsense, \"3\""],
            &[" , \"3\" ,, "],
        ];
        for list in lists {
            let expected = read(list).await.unwrap();
            assert!(expected.allows(3) && !expected.allows(1), "{list:?}");
        }
        let others: [&[&str]; 10] = [
            &["3"],
            &["\"x\""],
            &["W/\"3\""],
            &["\"99999999999999999999\""],
            &[""],
            &["\"03\""],
            &["\"+3\""],
            &["\"1, 3\""],
            &["\"3"],
            &["\"3\"\"4\""],
        ];
        for other in others {
            assert_eq!(read(other).await, Err(ProblemCode::PreconditionFailed), "{other:?}");
        }
        assert_eq!(version_tag(3), "\"3\"");
    }

    #[tokio::test]
    async fn the_clients_address_is_never_a_header() {
        let mut parts = request("x-forwarded-for", &["203.0.113.7"]);
        assert_eq!(ClientAddress::from_request_parts(&mut parts, &()).await, Ok(ClientAddress::UNKNOWN));
        let peer = ClientAddress("192.0.2.1".parse().unwrap());
        parts.extensions.insert(peer);
        assert_eq!(ClientAddress::from_request_parts(&mut parts, &()).await, Ok(peer));
    }

    #[test]
    fn a_subscriber_is_an_address_or_a_network() {
        let subscriber = |text: &str| ClientAddress(text.parse().unwrap()).subscriber();
        assert_eq!(subscriber("192.0.2.1"), "192.0.2.1");
        assert_eq!(subscriber("::ffff:192.0.2.1"), "192.0.2.1");
        assert_eq!(subscriber("2001:db8:1:2:3:4:5:6"), subscriber("2001:db8:1:2:ffff::1"));
        assert_ne!(subscriber("2001:db8:1:2::1"), subscriber("2001:db8:1:3::1"));
    }
}
