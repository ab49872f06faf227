//! Fields of a change: absent, null or a value.

use serde::{Deserialize, Deserializer};

/// Reads a field that is there, so that only an absent one is `None`.
///
/// With `#[serde(default, deserialize_with = "present")]` an `Option<T>` takes a value or nothing (null is refused, for
/// fields that cannot be cleared), and an `Option<Option<T>>` takes a value, null (`Some(None)`: clear it) or nothing.
pub fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Change {
        #[serde(default, deserialize_with = "present")]
        name: Option<String>,
        #[serde(default, deserialize_with = "present")]
        brand: Option<Option<String>>,
    }

    #[test]
    fn absent_null_and_a_value_are_three_things() {
        let change = |name: Option<&str>, brand: Option<Option<&str>>| Change {
            name: name.map(str::to_owned),
            brand: brand.map(|brand| brand.map(str::to_owned)),
        };
        let read = |text| serde_json::from_str::<Change>(text);
        assert_eq!(read("{}").unwrap(), change(None, None));
        assert_eq!(read(r#"{"name":"Mug","brand":"Ada"}"#).unwrap(), change(Some("Mug"), Some(Some("Ada"))));
        assert_eq!(read(r#"{"brand":null}"#).unwrap(), change(None, Some(None)));
        assert!(read(r#"{"name":null}"#).is_err());
    }
}
