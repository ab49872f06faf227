//! Access tokens: JWTs signed with Ed25519 (RFC 8037), verified against a fixed set of public keys.
//!
//! Only the auth function and the tools have a [`SigningKey`]; the other functions have [`AccessTokens`]. The header of
//! a token selects one of the known keys, and never an algorithm, a URL or a key of its own.

use std::{collections::BTreeMap, fmt, sync::Arc};

use aws_lc_rs::{
    digest,
    signature::{Ed25519KeyPair, KeyPair},
};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

use shop_domain::{
    Id, Timestamp,
    user::{Role, SessionFamily, User},
};

/// The issuer and the audience of access tokens.
const SHOP: &str = "shop";
/// The type of an access token (RFC 9068): JWTs for other purposes are refused.
const TOKEN_TYPE: &str = "at+jwt";
/// The tolerated difference between the clocks of two machines.
const LEEWAY_SECONDS: i64 = 5;
/// Issued tokens have about 500 bytes.
const TOKEN_LIMIT_BYTES: usize = 4096;

/// The claims of an access token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    iss: String,
    aud: String,
    /// The user.
    pub sub: Id<User>,
    /// Their role when it was issued.
    pub role: Role,
    /// The session that it was issued for.
    pub sid: Id<SessionFamily>,
    /// Whether their e-mail was verified when it was issued.
    pub ver: bool,
    /// When it was issued, in seconds since the Unix epoch.
    pub iat: i64,
    /// When it expires, in seconds since the Unix epoch.
    pub exp: i64,
}

impl Claims {
    /// The claims of a token that is issued `now` and is valid for `ttl_seconds`.
    pub fn new(
        user: Id<User>,
        role: Role,
        session: Id<SessionFamily>,
        email_verified: bool,
        now: Timestamp,
        ttl_seconds: u32,
    ) -> Self {
        let iat = now.as_seconds();
        Self {
            iss: SHOP.to_owned(),
            aud: SHOP.to_owned(),
            sub: user,
            role,
            sid: session,
            ver: email_verified,
            iat,
            exp: iat.saturating_add(i64::from(ttl_seconds)),
        }
    }
}

/// Why a token was refused. For the log: the client learns only that it is not valid.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// Not an access token of this shop, for this reason.
    #[error("the access token is {0}")]
    Refused(&'static str),
    /// The signature or the claims are invalid.
    #[error("the access token does not verify")]
    Jwt(#[source] jsonwebtoken::errors::Error),
}

/// An invalid key.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct KeyError(&'static str);

/// Verifies access tokens. Cheap to clone.
#[derive(Clone)]
pub struct AccessTokens {
    keys: Arc<BTreeMap<String, DecodingKey>>,
    published: Arc<Jwks>,
}

impl fmt::Debug for AccessTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.keys.keys()).finish()
    }
}

/// A public key as it is published (RFC 7517, RFC 8037).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Jwk {
    /// `OKP`.
    pub kty: String,
    /// `Ed25519`.
    pub crv: String,
    /// The key's name: its thumbprint (RFC 7638).
    pub kid: String,
    /// The key, base64url.
    pub x: String,
    /// `sig`.
    #[serde(default, rename = "use")]
    pub usage: String,
    /// `EdDSA`.
    #[serde(default)]
    pub alg: String,
}

/// The public keys, as they are published and configured. Two during a rotation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Jwks {
    /// The keys.
    pub keys: Vec<Jwk>,
}

impl AccessTokens {
    /// Trusts no key.
    pub fn none() -> Self {
        Self { keys: Arc::default(), published: Arc::default() }
    }

    /// Trusts the keys of a JWK set, all of which must be Ed25519.
    pub fn from_jwks(json: &str) -> Result<Self, KeyError> {
        let jwks: Jwks =
            serde_json::from_str(json).map_err(|_| KeyError("a JWK set is {\"keys\":[…]} with kty, crv, kid and x"))?;
        Self::trusting(&jwks)
    }

    /// Like [`AccessTokens::from_jwks`].
    pub fn trusting(jwks: &Jwks) -> Result<Self, KeyError> {
        let mut keys = BTreeMap::new();
        for jwk in &jwks.keys {
            if jwk.kty != "OKP" || jwk.crv != "Ed25519" {
                return Err(KeyError("every key has kty OKP and crv Ed25519"));
            }
            if !matches!(BASE64_URL_SAFE_NO_PAD.decode(&jwk.x), Ok(bytes) if bytes.len() == 32) {
                return Err(KeyError("x is 32 bytes in base64url"));
            }
            let key = DecodingKey::from_ed_components(&jwk.x).map_err(|_| KeyError("x is 32 bytes in base64url"))?;
            keys.insert(jwk.kid.clone(), key);
        }
        if keys.is_empty() {
            return Err(KeyError("the JWK set contains no key"));
        }
        Ok(Self { keys: Arc::new(keys), published: Arc::new(jwks.clone()) })
    }

    /// The keys, to publish.
    pub fn jwks(&self) -> &Jwks {
        &self.published
    }

    /// Verifies a token at the time `now`, and answers its claims.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Claims, TokenError> {
        if token.len() > TOKEN_LIMIT_BYTES {
            return Err(TokenError::Refused("too long"));
        }
        let header = jsonwebtoken::decode_header(token).map_err(TokenError::Jwt)?;
        if header.alg != Algorithm::EdDSA {
            return Err(TokenError::Refused("signed with another algorithm"));
        }
        if header.typ.as_deref() != Some(TOKEN_TYPE) {
            return Err(TokenError::Refused("of another type"));
        }
        let key =
            header.kid.and_then(|kid| self.keys.get(&kid)).ok_or(TokenError::Refused("signed with an unknown key"))?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[SHOP]);
        validation.set_audience(&[SHOP]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Checked below against `now`: the library would use the system time.
        validation.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, key, &validation).map_err(TokenError::Jwt)?.claims;
        let now = now.as_seconds();
        if claims.exp.saturating_add(LEEWAY_SECONDS) <= now {
            return Err(TokenError::Refused("expired"));
        }
        if claims.iat.saturating_sub(LEEWAY_SECONDS) > now {
            return Err(TokenError::Refused("from the future"));
        }
        Ok(claims)
    }
}

/// Issues access tokens. Redacted in logs.
#[derive(Clone)]
pub struct SigningKey {
    private: EncodingKey,
    public: Jwk,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public.kid)
    }
}

impl SigningKey {
    /// A new key as PKCS#8 PEM.
    pub fn generate() -> Result<String, KeyError> {
        let key = Ed25519KeyPair::generate().map_err(|_| KeyError("no key could be generated"))?;
        let document = key.to_pkcs8v1().map_err(|_| KeyError("no key could be generated"))?;
        let mut pem = String::from("-----BEGIN PRIVATE KEY-----\n");
        // 48 bytes in base64 fit one line of PEM.
        pem.push_str(&BASE64_STANDARD.encode(document.as_ref()));
        pem.push_str("\n-----END PRIVATE KEY-----\n");
        Ok(pem)
    }

    /// Reads a PKCS#8 PEM, as [`SigningKey::generate`] or `openssl genpkey -algorithm ed25519` writes it. Line breaks
    /// may be written `\n`, as environment files do.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        const WRONG: KeyError =
            KeyError("an Ed25519 private key in PKCS#8 PEM begins with -----BEGIN PRIVATE KEY-----");
        let pem = pem.replace("\\n", "\n");
        let (_, rest) = pem.split_once("-----BEGIN PRIVATE KEY-----").ok_or(WRONG)?;
        let (body, _) = rest.split_once("-----END PRIVATE KEY-----").ok_or(WRONG)?;
        let base64: String = body.split_whitespace().collect();
        let der = BASE64_STANDARD.decode(base64).map_err(|_| WRONG)?;
        let pair = Ed25519KeyPair::from_pkcs8(&der).map_err(|_| WRONG)?;
        let x = BASE64_URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        // RFC 7638: the required members in lexical order, without white space.
        let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
        let kid = BASE64_URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, canonical.as_bytes()));
        let named = |text: &str| text.to_owned();
        let public = Jwk { kty: named("OKP"), crv: named("Ed25519"), kid, x, usage: named("sig"), alg: named("EdDSA") };
        Ok(Self { private: EncodingKey::from_ed_der(&der), public })
    }

    /// Signs the claims.
    pub fn issue(&self, claims: &Claims) -> Result<String, TokenError> {
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TOKEN_TYPE.to_owned());
        header.kid = Some(self.public.kid.clone());
        jsonwebtoken::encode(&header, claims, &self.private).map_err(TokenError::Jwt)
    }

    /// The public half, to publish and to configure.
    pub const fn public_jwk(&self) -> &Jwk {
        &self.public
    }

    /// The public half as a key set of one.
    pub fn jwks(&self) -> Jwks {
        Jwks { keys: vec![self.public.clone()] }
    }
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
