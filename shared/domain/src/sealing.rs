//! Fields that rest encrypted: AES-256-GCM with a data key of a key ring (docs/adr/0016-sealed-fields.md).
//!
//! A sealed value is bound to its field and document: copied to another record, it does not open.

use std::{collections::BTreeSet, fmt, sync::Arc};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::Random;

/// The bytes of a data key.
pub const DATA_KEY_BYTES: usize = 32;

/// A field whose values are sealed. `ops rotate-keys` and `ops verify` read every field of this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealedField {
    /// The name on the card that paid.
    PaymentHolderName,
    /// What is kept of the gateway's answer to the last attempt.
    PaymentGatewayAnswer,
    /// The name on a saved card.
    SavedMethodHolderName,
}

impl SealedField {
    /// Every field, those of one collection together.
    pub const ALL: [Self; 3] = [Self::PaymentHolderName, Self::PaymentGatewayAnswer, Self::SavedMethodHolderName];

    /// The collection.
    pub const fn collection(self) -> &'static str {
        match self {
            Self::PaymentHolderName | Self::PaymentGatewayAnswer => "payments",
            Self::SavedMethodHolderName => "paymentMethods",
        }
    }

    /// The path in a document.
    pub const fn path(self) -> &'static str {
        match self {
            Self::PaymentHolderName => "paymentDetails.holderName",
            Self::PaymentGatewayAnswer => "gatewayAnswer",
            Self::SavedMethodHolderName => "holderName",
        }
    }

    /// What a value is authenticated with: another field or document is another context.
    fn context(self, id: &dyn fmt::Display) -> Vec<u8> {
        format!("{}\0{id}\0{}", self.collection(), self.path()).into_bytes()
    }
}

/// Text to be sealed, or opened again. Hides itself in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Plaintext(String);

impl Plaintext {
    /// Wraps the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Plaintext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Plaintext(…)")
    }
}

/// A sealed value as it is stored: `<key id>:<base64url of nonce, ciphertext and tag>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sealed(String);

impl Sealed {
    /// A value as it is stored.
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// As stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id of the data key; the whole text if it is no sealed value.
    pub fn key_id(&self) -> &str {
        self.0.split(':').next().unwrap_or_default()
    }
}

/// Why a value cannot be sealed or opened.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum SealingError {
    /// The key ring lacks the data key.
    #[error("the key ring has no key {0}: add it to FIELD_KEYS")]
    UnknownKey(String),
    /// The value is not the one that was sealed for this field and document.
    #[error("the value was changed, or copied from another record")]
    Tampered,
    /// The cipher refused to work.
    #[error("the value could not be encrypted")]
    NotSealed,
}

/// Why keys are no key ring. Never contains a key.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum KeyRingError {
    /// There is no key to seal with.
    #[error("a key ring needs at least one key")]
    Empty,
    /// The id of a key is not one.
    #[error("the id of a key is 1 to 32 letters, digits, dashes and underscores")]
    InvalidId,
    /// Two keys have one id.
    #[error("two keys have the id {0}")]
    DuplicateId(String),
    /// A key has the wrong size.
    #[error("the key {0} does not have {DATA_KEY_BYTES} bytes")]
    WrongSize(String),
}

/// Named data keys. The first one is current: it seals, and all of them open. Cheap to clone.
#[derive(Clone)]
pub struct KeyRing(Arc<[DataKey]>);

struct DataKey {
    id: String,
    cipher: LessSafeKey,
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|key| &key.id)).finish()
    }
}

/// Whether a text can be the id of a data key.
pub fn is_key_id(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

impl KeyRing {
    /// A key ring of these ids and keys, the current one first.
    ///
    /// # Errors
    /// If there is no key, or one of them is invalid.
    pub fn try_new<I: Into<String>, K: AsRef<[u8]>>(
        keys: impl IntoIterator<Item = (I, K)>,
    ) -> Result<Self, KeyRingError> {
        let (mut ring, mut ids) = (Vec::new(), BTreeSet::new());
        for (id, bytes) in keys {
            let id: String = id.into();
            if !is_key_id(&id) {
                return Err(KeyRingError::InvalidId);
            }
            if !ids.insert(id.clone()) {
                return Err(KeyRingError::DuplicateId(id));
            }
            let key = UnboundKey::new(&AES_256_GCM, bytes.as_ref());
            let key = key.map_err(|_| KeyRingError::WrongSize(id.clone()))?;
            ring.push(DataKey { id, cipher: LessSafeKey::new(key) });
        }
        if ring.is_empty() { Err(KeyRingError::Empty) } else { Ok(Self(ring.into())) }
    }

    /// A key ring that neither seals nor opens, in place of one that is misconfigured.
    pub fn placeholder() -> Self {
        Self(Arc::new([]))
    }

    /// The id of the key that seals.
    pub fn current_id(&self) -> &str {
        self.0.first().map_or("", |key| &key.id)
    }

    /// Encrypts the text for a field of the document with this id.
    ///
    /// # Errors
    /// [`SealingError::NotSealed`] if the cipher fails, which only a text of gibibytes makes it do.
    pub fn seal(
        &self,
        random: &Random,
        field: SealedField,
        id: impl fmt::Display,
        text: &Plaintext,
    ) -> Result<Sealed, SealingError> {
        let key = self.0.first().ok_or(SealingError::NotSealed)?;
        let nonce: [u8; NONCE_LEN] = random.bytes();
        let mut sealed = text.0.clone().into_bytes();
        let context = Aad::from(field.context(&id));
        key.cipher
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), context, &mut sealed)
            .map_err(|_| SealingError::NotSealed)?;
        let stored = BASE64_URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat());
        Ok(Sealed(format!("{}:{stored}", key.id)))
    }

    /// Decrypts a value of a field of the document with this id.
    ///
    /// # Errors
    /// If the ring lacks the key, or the value was sealed for another field or document, or changed.
    pub fn open(&self, field: SealedField, id: impl fmt::Display, sealed: &Sealed) -> Result<Plaintext, SealingError> {
        let (key_id, stored) = sealed.0.split_once(':').ok_or(SealingError::Tampered)?;
        let key = self.0.iter().find(|key| key.id == key_id);
        let key = key.ok_or_else(|| SealingError::UnknownKey(key_id.to_owned()))?;
        let stored = BASE64_URL_SAFE_NO_PAD.decode(stored).map_err(|_| SealingError::Tampered)?;
        let (nonce, ciphertext) = stored.split_first_chunk::<NONCE_LEN>().ok_or(SealingError::Tampered)?;
        let mut ciphertext = ciphertext.to_vec();
        let context = Aad::from(field.context(&id));
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = key.cipher.open_in_place(nonce, context, &mut ciphertext).map_err(|_| SealingError::Tampered)?;
        let text = std::str::from_utf8(opened).map_err(|_| SealingError::Tampered)?;
        Ok(Plaintext::new(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELD: SealedField = SealedField::PaymentHolderName;
    const ID: &str = "507f1f77bcf86cd799439011";

    fn ring(keys: &[(&str, u8)]) -> KeyRing {
        KeyRing::try_new(keys.iter().map(|(id, byte)| (*id, [*byte; DATA_KEY_BYTES]))).unwrap()
    }

    fn sealed(keys: &KeyRing) -> Sealed {
        keys.seal(&Random::seeded(1), FIELD, ID, &Plaintext::new("Ada Lovelace")).unwrap()
    }

    #[test]
    fn a_sealed_value_opens_with_its_key_and_shows_nothing_of_itself() {
        let keys = ring(&[("k1", 1)]);
        let value = sealed(&keys);
        assert_eq!(keys.open(FIELD, ID, &value).unwrap().expose(), "Ada Lovelace");
        assert_eq!(value.key_id(), "k1");
        assert!(!value.as_str().contains("Ada"));
        assert!(!format!("{:?} {keys:?}", Plaintext::new("Ada")).contains("Ada"));
    }

    #[test]
    fn every_seal_has_a_nonce_of_its_own() {
        let (keys, random) = (ring(&[("k1", 1)]), Random::seeded(1));
        let seal = || keys.seal(&random, FIELD, ID, &Plaintext::new("Ada")).unwrap();
        assert_ne!(seal(), seal());
    }

    #[test]
    fn a_value_of_another_field_or_record_does_not_open() {
        let keys = ring(&[("k1", 1)]);
        let value = sealed(&keys);
        assert_eq!(keys.open(SealedField::PaymentGatewayAnswer, ID, &value), Err(SealingError::Tampered));
        assert_eq!(keys.open(FIELD, "507f1f77bcf86cd799439012", &value), Err(SealingError::Tampered));
    }

    #[test]
    fn a_changed_value_does_not_open() {
        let keys = ring(&[("k1", 1)]);
        let value = sealed(&keys).as_str().to_owned();
        for at in 3..value.len() {
            let mut changed = value.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = Sealed::from_stored(String::from_utf8(changed).unwrap());
            assert_eq!(keys.open(FIELD, ID, &changed), Err(SealingError::Tampered), "{at}");
        }
        for text in ["", "Ada Lovelace", "k1:", "k1:AAAA", "k1:!"] {
            let text = Sealed::from_stored(text.to_owned());
            assert_eq!(keys.open(FIELD, ID, &text), Err(SealingError::Tampered));
        }
    }

    #[test]
    fn an_old_key_opens_and_a_missing_one_is_named() {
        let old = sealed(&ring(&[("k1", 1)]));
        let both = ring(&[("k2", 2), ("k1", 1)]);
        assert_eq!(both.open(FIELD, ID, &old).unwrap().expose(), "Ada Lovelace");
        assert_eq!(sealed(&both).key_id(), "k2");
        assert_eq!(ring(&[("k2", 2)]).open(FIELD, ID, &old), Err(SealingError::UnknownKey("k1".to_owned())));
        assert_eq!(ring(&[("k1", 2)]).open(FIELD, ID, &old), Err(SealingError::Tampered), "another key of that id");
    }

    #[test]
    fn a_key_ring_has_keys_of_256_bits_with_different_ids() {
        let error = |keys: &[(&str, Vec<u8>)]| KeyRing::try_new(keys.iter().cloned()).unwrap_err();
        let key = || vec![1; DATA_KEY_BYTES];
        assert_eq!(error(&[]), KeyRingError::Empty);
        assert_eq!(error(&[("k:1", key())]), KeyRingError::InvalidId);
        assert_eq!(error(&[("k1", key()), ("k1", key())]), KeyRingError::DuplicateId("k1".to_owned()));
        assert_eq!(error(&[("k1", vec![1; 16])]), KeyRingError::WrongSize("k1".to_owned()));
    }
}
