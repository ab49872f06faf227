//! Partial updates: a field that is absent stays, `null` clears it, a value replaces it.

use serde::{Deserialize, Deserializer};

/// For `#[serde(default, deserialize_with = "given")] field: Option<Option<T>>`: absent is `None`, `null` is
/// `Some(None)`. For a field that cannot be cleared, `Option<T>` with [`given_value`] refuses `null`.
pub fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// For `#[serde(default, deserialize_with = "given_value")] field: Option<T>`: absent is `None`, `null` is refused.
pub fn given_value<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Change {
        #[serde(default, deserialize_with = "given")]
        nickname: Option<Option<String>>,
        #[serde(default, deserialize_with = "given_value")]
        name: Option<String>,
    }

    #[test]
    fn absent_null_and_a_value_are_three_things() {
        let read = |json| serde_json::from_str::<Change>(json).unwrap();
        assert_eq!(read("{}"), Change { nickname: None, name: None });
        assert_eq!(read(r#"{"nickname":null}"#).nickname, Some(None));
        assert_eq!(read(r#"{"nickname":"x"}"#).nickname, Some(Some("x".to_owned())));
        assert_eq!(read(r#"{"name":"x"}"#).name.as_deref(), Some("x"));
        assert!(serde_json::from_str::<Change>(r#"{"name":null}"#).is_err());
    }
}
