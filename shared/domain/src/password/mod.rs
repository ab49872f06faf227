//! What a password must be (domain rules §6; NIST SP 800-63B §3.1.1: length counts, composition rules do not help).
//!
//! Hashing one takes time and threads and is done in [`crate::password`].

mod common;

use std::fmt;

use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;

/// The fewest characters of a password.
pub const SHORTEST: usize = 8;
/// The most characters of a password.
pub const LONGEST: usize = 128;

/// A password that meets the rules. Hides itself in logs.
#[derive(Clone, Deserialize, utoipa::ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, format = Password, example = "correct-horse-battery")]
pub struct Password(String);

/// A password as it was typed at login: any text. Hides itself in logs.
#[derive(Clone, Deserialize, utoipa::ToSchema)]
#[serde(from = "String")]
#[schema(value_type = String, format = Password, example = "correct-horse-battery")]
pub struct PasswordAttempt(String);

/// Why a password cannot be chosen.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum WeakPassword {
    /// Fewer than [`SHORTEST`] characters.
    #[error("must have at least {SHORTEST} characters")]
    TooShort,
    /// More than [`LONGEST`] characters.
    #[error("must have at most {LONGEST} characters")]
    TooLong,
    /// It is among those that are tried first.
    #[error("is among the first guesses of an attacker; choose another")]
    TooCommon,
}

impl Password {
    /// Takes a password.
    ///
    /// # Errors
    /// If it is too short, too long or too common.
    pub fn try_new(text: &str) -> Result<Self, WeakPassword> {
        let text = normalized(text);
        match text.chars().count() {
            ..SHORTEST => Err(WeakPassword::TooShort),
            SHORTEST..=LONGEST if common::is_common(&text) => Err(WeakPassword::TooCommon),
            SHORTEST..=LONGEST => Ok(Self(text)),
            _ => Err(WeakPassword::TooLong),
        }
    }

    /// The password itself, for the hash.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl PasswordAttempt {
    /// The attempt itself, for the comparison with the hash.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Keyboards differ in how they compose characters; the password is the same (RFC 8265 §4.2 asks for more, which would
/// refuse what people have).
fn normalized(text: &str) -> String {
    text.nfkc().collect()
}

impl TryFrom<String> for Password {
    type Error = WeakPassword;

    fn try_from(text: String) -> Result<Self, WeakPassword> {
        Self::try_new(&text)
    }
}
impl From<String> for PasswordAttempt {
    fn from(text: String) -> Self {
        Self(normalized(&text))
    }
}
impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}
impl fmt::Debug for PasswordAttempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordAttempt(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> Option<WeakPassword> {
        Password::try_new(text).err()
    }

    #[test]
    fn a_password_has_8_to_128_characters_not_bytes() {
        assert_eq!(refusal("qazxsdc"), Some(WeakPassword::TooShort));
        assert_eq!(refusal("qazxsdcr"), None);
        assert_eq!(refusal("žluťoučk"), None);
        assert_eq!(refusal("žluťouč"), Some(WeakPassword::TooShort));
        assert_eq!(refusal(&"long enough ".repeat(10)), None);
        assert_eq!(refusal(&"ž y".repeat(43)), Some(WeakPassword::TooLong));
    }

    #[test]
    fn the_first_guesses_are_refused() {
        for guess in [
            "password",
            "PASSWORD",
            "password123",
            "12345678",
            "qwertyuiop",
            "iloveyou",
            "aaaaaaaa",
            "football1",
            "abcabcabc",
            "01011990",
        ] {
            assert_eq!(refusal(guess), Some(WeakPassword::TooCommon), "{guess}");
        }
        for other in ["correct-horse-battery", "mug-and-saucer", "tr0ub4dor&3", "4711-kolonia"] {
            assert_eq!(refusal(other), None, "{other}");
        }
    }

    #[test]
    fn composed_and_decomposed_characters_are_the_same_password() {
        let composed = Password::try_new("caf\u{e9} au lait").unwrap();
        let decomposed = PasswordAttempt::from("cafe\u{301} au lait".to_owned());
        assert_eq!(composed.expose(), decomposed.expose());
    }

    #[test]
    fn a_password_hides_itself_in_logs() {
        let password = Password::try_new("mug-and-saucer").unwrap();
        let attempt = PasswordAttempt::from("mug-and-saucer".to_owned());
        assert!(!format!("{password:?} {attempt:?}").contains("mug"));
    }
}
