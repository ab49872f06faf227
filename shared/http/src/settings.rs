//! The sections of the configuration that only HTTP functions read; see `shop_runtime::config`.

use std::time::Duration;

use super::{
    cors::CorsOrigins,
    token::{AccessTokens, SigningKey},
};
use shop_runtime::config::Env;

/// The keys whose access tokens are valid.
#[derive(Clone, Debug)]
pub struct TokenSettings {
    /// `ACCESS_TOKEN_JWKS`: the public keys.
    pub tokens: AccessTokens,
}

impl TokenSettings {
    /// Reads the section.
    pub fn read(env: &mut Env) -> Self {
        if env.optional("ACCESS_TOKEN_JWKS").is_none() {
            let _ = env.required_secret(
                "ACCESS_TOKEN_JWKS",
                "the JWK set with the public keys of access tokens, {\"keys\":[…]}",
            );
        }
        let tokens = env.parsed("ACCESS_TOKEN_JWKS", AccessTokens::from_jwks);
        Self { tokens: tokens.unwrap_or_else(AccessTokens::none) }
    }
}

/// The key that signs access tokens. For the auth function and the tools only.
#[derive(Clone, Debug)]
pub struct SigningSettings {
    /// `ACCESS_TOKEN_SIGNING_KEY`; `None` only if [`Env::finish`] fails.
    pub key: Option<SigningKey>,
}

impl SigningSettings {
    /// Reads the section.
    pub fn read(env: &mut Env) -> Self {
        if env.optional("ACCESS_TOKEN_SIGNING_KEY").is_none() {
            let _ = env.required_secret("ACCESS_TOKEN_SIGNING_KEY", "an Ed25519 private key in PKCS#8 PEM");
        }
        Self { key: env.parsed("ACCESS_TOKEN_SIGNING_KEY", SigningKey::from_pem) }
    }
}

/// CORS, and the time limit of requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpSettings {
    /// `CORS_ALLOWED_ORIGINS`: a comma-separated list, or `*`; default none.
    pub cors: CorsOrigins,
    /// `REQUEST_TIMEOUT_SECONDS`, default 20. API Gateway times out after 30.
    pub request_timeout: Duration,
}

impl HttpSettings {
    /// Reads the section.
    pub fn read(env: &mut Env) -> Self {
        let cors = env.parsed("CORS_ALLOWED_ORIGINS", CorsOrigins::parse).unwrap_or(CorsOrigins::none());
        let seconds = env.number("REQUEST_TIMEOUT_SECONDS", 20, 1..=29);
        Self { cors, request_timeout: Duration::from_secs(seconds) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_settings_have_defaults_and_faults_are_reported_together() {
        let mut env = Env::from_pairs([("X", "x")]);
        let http = HttpSettings::read(&mut env);
        env.finish().unwrap();
        assert_eq!(http.request_timeout, Duration::from_secs(20));

        let mut env = Env::from_pairs([("REQUEST_TIMEOUT_SECONDS", "hunter2"), ("CORS_ALLOWED_ORIGINS", "hunter2")]);
        let _ = HttpSettings::read(&mut env);
        let _ = TokenSettings::read(&mut env);
        let error = env.finish().unwrap_err();
        let variables: Vec<_> = error.variables().collect();
        assert_eq!(variables, ["CORS_ALLOWED_ORIGINS", "REQUEST_TIMEOUT_SECONDS", "ACCESS_TOKEN_JWKS"]);
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}
