//! `FIELD_KEYS`: the data keys of sealed fields, separated by commas, the current one first.
//!
//! A key is `<id>:<base64 of 32 bytes>`, or `<id>:kms:<base64 of what KMS made of it>`, which KMS decrypts once at the
//! start. Its encryption context names the purpose and the key's id, so that no other ciphertext of the same KMS key can
//! take its place.

use std::collections::HashMap;

use aws_config::{BehaviorVersion, timeout::TimeoutConfig};
use aws_sdk_kms::{Client, primitives::Blob};
use base64::{Engine, prelude::BASE64_STANDARD};
use shop_domain::sealing::{DATA_KEY_BYTES, KeyRing, is_key_id};
use tokio::sync::OnceCell;

use super::{Env, SECRET_TIMEOUT};

/// The variable.
pub const VARIABLE: &str = "FIELD_KEYS";

/// The purpose in the encryption context. The policy of the functions requires it.
pub const PURPOSE: &str = "shop-field-key";

const SHOULD_BE: &str = "data keys such as 2027-01:<base64 of 32 bytes> or 2027-01:kms:<base64>, the current one first";

/// The encryption context of the data key with this id.
pub fn encryption_context(id: &str) -> HashMap<String, String> {
    HashMap::from([("purpose".to_owned(), PURPOSE.to_owned()), ("keyId".to_owned(), id.to_owned())])
}

/// What decrypts data keys: AWS KMS.
pub trait Kms {
    /// The data key with this id in clear.
    ///
    /// # Errors
    /// The code of the refusal, for the log.
    fn decrypt(&self, id: &str, ciphertext: Vec<u8>) -> impl Future<Output = Result<Vec<u8>, String>> + Send;
}

/// AWS KMS, with the credentials of this process. Connects on first use.
#[derive(Debug, Default)]
pub struct AwsKms(OnceCell<Client>);

impl AwsKms {
    /// KMS behind this client.
    pub fn with(client: Client) -> Self {
        Self(OnceCell::new_with(Some(client)))
    }

    async fn client(&self) -> &Client {
        let connect = async || {
            let timeouts = TimeoutConfig::builder().operation_timeout(SECRET_TIMEOUT).build();
            Client::new(&aws_config::defaults(BehaviorVersion::latest()).timeout_config(timeouts).load().await)
        };
        self.0.get_or_init(connect).await
    }
}

impl Kms for AwsKms {
    async fn decrypt(&self, id: &str, ciphertext: Vec<u8>) -> Result<Vec<u8>, String> {
        let request = self.client().await.decrypt().ciphertext_blob(Blob::new(ciphertext));
        let answer = request.set_encryption_context(Some(encryption_context(id))).send().await;
        let answer = answer.map_err(|error| {
            let error = error.into_service_error();
            error.meta().code().unwrap_or("no answer").to_owned()
        })?;
        Ok(answer.plaintext.map(Blob::into_inner).unwrap_or_default())
    }
}

/// The key ring. Its absence is a fault.
pub async fn read(env: &mut Env) -> KeyRing {
    read_with(env, &AwsKms::default()).await
}

/// The key ring, if there is one.
pub async fn read_optional(env: &mut Env) -> Option<KeyRing> {
    if env.optional(VARIABLE).is_some() { Some(read(env).await) } else { None }
}

/// Like [`read`], with this KMS.
pub async fn read_with(env: &mut Env, kms: &impl Kms) -> KeyRing {
    let given = env.required_secret(VARIABLE, SHOULD_BE);
    let mut keys = Vec::new();
    for entry in given.expose().split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
        match key(entry, kms).await {
            Ok(key) => keys.push(key),
            Err(fault) => env.fault(VARIABLE, fault),
        }
    }
    match KeyRing::try_new(keys) {
        Ok(ring) => ring,
        Err(error) => {
            if env.optional(VARIABLE).is_some() {
                env.fault(VARIABLE, format!("is no key ring: {error}"));
            }
            KeyRing::placeholder()
        }
    }
}

/// One entry: the id and the key in clear. A fault continues the name of the variable.
async fn key(entry: &str, kms: &impl Kms) -> Result<(String, Vec<u8>), String> {
    let malformed = || format!("must be {SHOULD_BE}");
    let (id, rest) = entry.split_once(':').filter(|(id, _)| is_key_id(id)).ok_or_else(malformed)?;
    let decode = |text: &str| BASE64_STANDARD.decode(text.trim()).map_err(|_| malformed());
    let key = match rest.strip_prefix("kms:") {
        None => decode(rest)?,
        Some(ciphertext) => kms
            .decrypt(id, decode(ciphertext)?)
            .await
            .map_err(|code| format!("has the key {id}, which KMS did not decrypt ({code})"))?,
    };
    if key.len() == DATA_KEY_BYTES {
        Ok((id.to_owned(), key))
    } else {
        Err(format!("has the key {id}, which does not have {DATA_KEY_BYTES} bytes"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reverses the bytes; refuses the key `denied`.
    struct Reversing;

    impl Kms for Reversing {
        async fn decrypt(&self, id: &str, mut ciphertext: Vec<u8>) -> Result<Vec<u8>, String> {
            ciphertext.reverse();
            if id == "denied" { Err("AccessDeniedException".to_owned()) } else { Ok(ciphertext) }
        }
    }

    async fn read_from(value: &str) -> Result<KeyRing, String> {
        let mut env = Env::from_pairs([(VARIABLE, value)]);
        let keys = read_with(&mut env, &Reversing).await;
        env.finish().map(|()| keys).map_err(|error| error.to_string())
    }

    fn base64(byte: u8, length: usize) -> String {
        BASE64_STANDARD.encode(vec![byte; length])
    }

    #[tokio::test]
    async fn the_first_key_is_current_and_kms_decrypts_its_own() {
        let value = format!("2027-01:kms:{}, 2026-01:{}", base64(2, 32), base64(1, 32));
        let keys = read_from(&value).await.unwrap();
        assert_eq!(format!("{keys:?}"), r#"["2027-01", "2026-01"]"#);
        assert_eq!(keys.current_id(), "2027-01");
    }

    #[tokio::test]
    async fn a_faulty_key_is_a_fault_that_quotes_no_key() {
        let (key, short) = (base64(1, 32), base64(1, 16));
        for (value, reason) in [
            (key.clone(), "must be data keys"),
            (format!("k 1:{key}"), "must be data keys"),
            (format!("k1:{short}"), "does not have 32 bytes"),
            (format!("k1:{key},k1:{key}"), "two keys have the id k1"),
            (format!("denied:kms:{key}"), "did not decrypt (AccessDeniedException)"),
            ("k1:not base64".to_owned(), "must be data keys"),
            (String::new(), "FIELD_KEYS_SECRET_ARN"),
            (",".to_owned(), "needs at least one key"),
        ] {
            let error = read_from(&value).await.unwrap_err();
            assert!(error.contains(reason), "{error}");
            assert!(!error.contains(&key[..20]) && !error.contains(&short[..16]), "{error}");
        }
    }

    #[tokio::test]
    async fn a_tool_can_do_without_keys() {
        let mut env = Env::from_pairs([("X", "x")]);
        assert!(read_optional(&mut env).await.is_none());
        env.finish().unwrap();
    }
}
