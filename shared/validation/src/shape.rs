//! Why a document or a query does not have the shape of the type that it is read into.

use std::fmt::{self, Display};

use serde::de::{self, Expected, Unexpected};

use super::{FieldCode, FieldError};

/// Names come from the client and pointers go back: longer ones are cut.
const POINTER_LIMIT_BYTES: usize = 256;

/// Appends one reference token of RFC 6901.
pub fn push_segment(pointer: &mut String, segment: &str) {
    pointer.push('/');
    let room = POINTER_LIMIT_BYTES.saturating_sub(pointer.len());
    for character in segment.chars().take(room) {
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}

/// The wrong shape of one value. It quotes none: a value may be a secret that was sent to the wrong place.
///
/// serde makes it by the constructors of [`de::Error`], each of which has its code. Only what a domain type says by
/// itself ([`de::Error::custom`]) is text, and becomes the message of `invalid`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShapeError {
    code: FieldCode,
    message: String,
    /// Where the value is, the innermost name first: an error is made inside and passed outwards.
    names: Vec<String>,
}

impl ShapeError {
    pub(super) fn new(code: FieldCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), names: Vec::new() }
    }

    /// A value of another type than this.
    pub(super) fn wrong_type(expected: impl Display) -> Self {
        Self::new(FieldCode::WrongType, format!("must be {expected}"))
    }

    /// The same error, seen from the object or list that holds the value under this name.
    #[must_use]
    pub(super) fn below(mut self, name: &str) -> Self {
        self.names.push(name.to_owned());
        self
    }
}

impl From<ShapeError> for FieldError {
    fn from(error: ShapeError) -> Self {
        let mut pointer = String::new();
        for name in error.names.iter().rev() {
            push_segment(&mut pointer, name);
        }
        Self { pointer, code: error.code, message: error.message }
    }
}

impl Display for ShapeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
impl std::error::Error for ShapeError {}

impl de::Error for ShapeError {
    fn custom<T: Display>(message: T) -> Self {
        Self::new(FieldCode::Invalid, message.to_string())
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::wrong_type(expected)
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(FieldCode::OutOfRange, format!("must be {expected}"))
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self::new(FieldCode::OutOfRange, format!("must be {expected}"))
    }

    fn unknown_variant(_: &str, variants: &'static [&'static str]) -> Self {
        Self::new(FieldCode::UnknownValue, format!("must be {}", one_of(variants)))
    }

    // The map of the object's fields adds the name.
    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self::new(FieldCode::UnknownField, "is not a field of this request")
    }

    fn missing_field(name: &'static str) -> Self {
        Self::new(FieldCode::Missing, "is required").below(name)
    }

    fn duplicate_field(name: &'static str) -> Self {
        Self::new(FieldCode::DuplicateName, "occurs twice").below(name)
    }
}

/// `one of a, b, c`.
pub(super) fn one_of(variants: &[&str]) -> String {
    match variants {
        [only] => (*only).to_owned(),
        variants => format!("one of {}", variants.join(", ")),
    }
}

/// The name of an integer type's values.
pub(super) fn integer(min: i128) -> &'static str {
    if min == 0 { "a non-negative integer" } else { "an integer" }
}

/// A number beyond its type.
pub(super) fn beyond(min: i128, max: i128) -> ShapeError {
    ShapeError::new(FieldCode::OutOfRange, format!("must be from {min} to {max}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_is_escaped_and_bounded() {
        let mut pointer = String::new();
        push_segment(&mut pointer, "a/b~c");
        assert_eq!(pointer, "/a~1b~0c");
        push_segment(&mut pointer, &"x".repeat(100_000));
        assert!(pointer.len() <= POINTER_LIMIT_BYTES);
    }
}
