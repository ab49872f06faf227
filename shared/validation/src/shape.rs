//! Errors of shape: a document or a query does not match the type that it is read into.

use std::fmt::{self, Display};

use serde::de::{self, Expected, Unexpected};

use super::{FieldCode, FieldError};

/// Pointers contain names from the client and are part of the answer, so they are truncated.
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

/// An error of shape of one value. The message quotes no value, because it may be a secret in the wrong field.
///
/// serde creates it by the constructors of [`de::Error`], each of which has its code. Only the error of a domain type
/// ([`de::Error::custom`]) is text, which becomes the message of `invalid`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShapeError {
    code: FieldCode,
    message: String,
    /// The path to the value, the innermost name first, because the error is passed outwards.
    names: Vec<String>,
}

impl ShapeError {
    pub(super) fn new(code: FieldCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), names: Vec::new() }
    }

    /// The value is of another type than this.
    pub(super) fn wrong_type(expected: impl Display) -> Self {
        Self::new(FieldCode::WrongType, format!("must be {expected}"))
    }

    /// Adds the name of the value in its object or list to the path.
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

    // `Fields` and `Parameters` add the name.
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

/// A number outside the range of its type.
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
