//! The state of the group's handlers, and its start as a Lambda.

use axum::extract::FromRef;
use lambda_http::Error;
use shared::{
    config::Env,
    http::{
        App,
        lambda::AppSettings,
        serve as http,
        settings::{SigningSettings, TokenSettings},
        token::SigningKey,
    },
    password::Passwords,
};

use super::SENDS_TO;

/// The state of the group's handlers.
#[derive(Clone)]
pub struct AuthApp {
    pub(crate) app: App,
    pub(crate) signing: SigningKey,
    pub(crate) passwords: Passwords,
}

impl AuthApp {
    /// Signs with this key; `app` has its public half.
    pub fn new(app: App, signing: SigningKey, passwords: Passwords) -> Self {
        Self { app, signing, passwords }
    }
}

impl FromRef<AuthApp> for App {
    fn from_ref(auth: &AuthApp) -> Self {
        auth.app.clone()
    }
}

/// The private key, whose public half must be in `ACCESS_TOKEN_JWKS`.
fn read_signing_key(env: &mut Env) -> Option<SigningKey> {
    let key = SigningSettings::read(env).key?;
    let published = TokenSettings::read(env).tokens;
    let is_trusted = published.jwks().keys.iter().any(|jwk| jwk.kid == key.public_jwk().kid);
    if !is_trusted && !published.jwks().keys.is_empty() {
        env.fault(
            "ACCESS_TOKEN_SIGNING_KEY",
            "has no public half in ACCESS_TOKEN_JWKS, so its tokens would be refused",
        );
    }
    Some(key)
}

/// Serves the group as a Lambda.
pub async fn serve() -> Result<(), Error> {
    let mut env = Env::from_process().resolve_secrets().await;
    let settings = AppSettings::read(&mut env, SENDS_TO);
    let signing = read_signing_key(&mut env);
    env.finish()?;
    let signing = signing.ok_or("there is no key to sign access tokens with")?;
    let deadline = settings.deadline();
    let app = settings.connect("auth").await?;
    let passwords = Passwords::for_this_machine(app.random.clone());
    let auth = AuthApp::new(app.clone(), signing, passwords);
    http::run_lambda(http::finish(super::router().with_state(auth), &app, deadline), app.background).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(jwks: Option<&SigningKey>, key: Option<&str>) -> Vec<String> {
        let jwks = jwks.map(|key| {
            let jwk = key.public_jwk();
            format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","kid":"{}","x":"{}"}}]}}"#, jwk.kid, jwk.x)
        });
        let values = [
            ("ACCESS_TOKEN_JWKS", jwks.unwrap_or_default()),
            ("ACCESS_TOKEN_SIGNING_KEY", key.unwrap_or_default().to_owned()),
        ];
        let mut env = Env::from_pairs(values);
        let _ = TokenSettings::read(&mut env);
        let _ = read_signing_key(&mut env);
        env.finish().err().map_or_else(Vec::new, |error| error.variables().map(str::to_owned).collect())
    }

    #[test]
    fn the_signing_key_must_be_among_the_published_ones() {
        let pem = SigningKey::generate().unwrap();
        let key = SigningKey::from_pem(&pem).unwrap();
        let other = SigningKey::generate().unwrap();
        assert_eq!(faults(Some(&key), Some(&pem)), Vec::<String>::new());
        assert_eq!(faults(Some(&key), Some(&other)), ["ACCESS_TOKEN_SIGNING_KEY"]);
        assert_eq!(faults(None, None), ["ACCESS_TOKEN_JWKS", "ACCESS_TOKEN_SIGNING_KEY"]);
    }
}
