//! Every token that the shop did not issue is refused.

use serde_json::{Value, json};

use super::*;
use shop_domain::Clock;

struct Shop {
    key: SigningKey,
    tokens: AccessTokens,
    now: Timestamp,
}

fn shop() -> Shop {
    let key = SigningKey::from_pem(&SigningKey::generate().unwrap()).unwrap();
    let tokens = AccessTokens::trusting(&key.jwks()).unwrap();
    Shop { key, tokens, now: Clock::system().now() }
}

impl Shop {
    fn claims(&self) -> Claims {
        Claims::new(Id::new(), Role::Seller, Id::new(), true, self.now, 900)
    }

    /// A token with any header and claims, signed with the shop's key.
    fn signed(&self, header: &Value, claims: &Value) -> String {
        let encode = |json: &Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
        let message = format!("{}.{}", encode(header), encode(claims));
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &self.key.private, Algorithm::EdDSA).unwrap();
        format!("{message}.{signature}")
    }

    fn header(&self) -> Value {
        json!({ "alg": "EdDSA", "typ": "at+jwt", "kid": self.key.public_jwk().kid })
    }

    fn accepts(&self, token: &str) -> bool {
        self.tokens.verify(token, self.now).is_ok()
    }

    fn accepts_claim(&self, name: &str, value: Value) -> bool {
        let mut claims = serde_json::to_value(self.claims()).unwrap();
        claims[name] = value;
        self.accepts(&self.signed(&self.header(), &claims))
    }
}

#[test]
fn a_token_says_what_was_signed() {
    let shop = shop();
    let claims = shop.claims();
    assert_eq!(shop.tokens.verify(&shop.key.issue(&claims).unwrap(), shop.now).unwrap(), claims);
    let by_hand = shop.signed(&shop.header(), &serde_json::to_value(&claims).unwrap());
    assert_eq!(shop.tokens.verify(&by_hand, shop.now).unwrap(), claims);
}

#[test]
fn a_token_ends_with_the_clock_and_five_seconds() {
    use std::time::Duration;
    let shop = shop();
    let token = shop.key.issue(&shop.claims()).unwrap();
    assert!(shop.tokens.verify(&token, shop.now.plus(Duration::from_secs(904))).is_ok());
    assert!(shop.tokens.verify(&token, shop.now.plus(Duration::from_secs(905))).is_err());
    assert!(shop.tokens.verify(&token, shop.now.minus(Duration::from_secs(5))).is_ok());
    assert!(shop.tokens.verify(&token, shop.now.minus(Duration::from_secs(7))).is_err());
}

#[test]
fn no_other_algorithm_is_taken() {
    let shop = shop();
    let claims = serde_json::to_value(shop.claims()).unwrap();
    let encode = |json: &Value| BASE64_URL_SAFE_NO_PAD.encode(json.to_string());
    for alg in ["none", "None", "", "HS256", "RS256", "ES256"] {
        let mut header = shop.header();
        header["alg"] = alg.into();
        assert!(!shop.accepts(&format!("{}.{}.", encode(&header), encode(&claims))), "{alg} unsigned");
        assert!(!shop.accepts(&shop.signed(&header, &claims)), "{alg} signed");
    }
    // The public key is public: it must not do as an HMAC secret.
    let x = &shop.key.public_jwk().x;
    let raw = BASE64_URL_SAFE_NO_PAD.decode(x).unwrap();
    let mut header = Header::new(Algorithm::HS256);
    header.typ = Some(TOKEN_TYPE.to_owned());
    header.kid = Some(shop.key.public_jwk().kid.clone());
    for secret in [raw.as_slice(), x.as_bytes()] {
        let token = jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(secret)).unwrap();
        assert!(!shop.accepts(&token));
    }
}

#[test]
fn only_known_keys_and_access_tokens_are_taken() {
    let (shop, other) = (shop(), self::shop());
    assert!(!shop.accepts(&other.key.issue(&shop.claims()).unwrap()));
    let claims = serde_json::to_value(shop.claims()).unwrap();
    for (name, value) in [
        ("kid", json!("unknown")),
        ("kid", Value::Null),
        ("kid", json!("../../../dev/null")),
        ("typ", json!("JWT")),
        ("typ", Value::Null),
    ] {
        let mut header = shop.header();
        header[name] = value;
        assert!(!shop.accepts(&shop.signed(&header, &claims)), "{header}");
    }
    // A key in the header is not trusted, even with a known kid.
    let mut header = shop.header();
    header["jwk"] = serde_json::to_value(other.key.public_jwk()).unwrap();
    assert!(!shop.accepts(&other.signed(&header, &claims)));
}

#[test]
fn every_claim_is_needed_and_typed() {
    let shop = shop();
    let future = shop.now.as_seconds() + 900;
    for (name, value) in [
        ("exp", json!(future.to_string())),
        ("exp", Value::Null),
        ("exp", json!(-1)),
        ("exp", json!(1e300)),
        ("iat", json!("0")),
        ("iat", json!(future)),
        ("iss", json!("other")),
        ("aud", json!("other")),
        ("aud", json!([])),
        ("sub", json!("")),
        ("sub", json!({ "$gt": "" })),
        ("role", json!("root")),
        ("ver", json!("true")),
        ("sid", Value::Null),
    ] {
        assert!(!shop.accepts_claim(name, value.clone()), "{name}: {value}");
    }
    for name in ["exp", "iat", "iss", "aud", "sub", "role", "sid", "ver"] {
        let mut claims = serde_json::to_value(shop.claims()).unwrap();
        claims.as_object_mut().unwrap().remove(name);
        assert!(!shop.accepts(&shop.signed(&shop.header(), &claims)), "without {name}");
    }
}

#[test]
fn a_changed_or_cut_token_is_refused() {
    let shop = shop();
    let token = shop.key.issue(&shop.claims()).unwrap();
    let (message, signature) = token.rsplit_once('.').unwrap();
    for bad in [
        "",
        "x",
        "a.b.c",
        "..",
        message,
        &format!("{message}."),
        &format!("{message}.{}", &signature[1..]),
        &format!("{token}.x"),
    ] {
        assert!(!shop.accepts(bad), "{bad}");
    }
    assert!(!shop.accepts(&"x".repeat(100_000)));
}

#[test]
fn invalid_keys_are_refused() {
    for pem in ["", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"] {
        assert!(SigningKey::from_pem(pem).is_err());
    }
    for jwks in [
        "",
        "{}",
        r#"{"keys":[]}"#,
        r#"{"keys":[{"kty":"oct","crv":"","kid":"a","x":"AAAA"}]}"#,
        r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a","x":"AAAA"}]}"#,
    ] {
        assert!(AccessTokens::from_jwks(jwks).is_err(), "{jwks}");
    }
    let escaped = SigningKey::generate().unwrap().replace('\n', "\\n");
    assert!(SigningKey::from_pem(&escaped).is_ok());
}
