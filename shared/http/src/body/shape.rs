//! From serde's and garde's complaints to JSON pointers, stable codes and messages of our own.

use garde::Report;
use serde::{
    de::{
        DeserializeOwned, Deserializer, Error, IntoDeserializer, Unexpected, Visitor,
        value::{MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};
use serde_json::Value;
use serde_path_to_error::Segment;

use crate::problem::{Problem, ProblemCode};

/// Names come from the client and pointers go back: longer ones are cut.
const POINTER_LIMIT_BYTES: usize = 256;

/// Appends one reference token of RFC 6901.
pub(crate) fn push_segment(pointer: &mut String, segment: &str) {
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

/// Deserialises a document whose syntax has been checked.
pub(super) fn deserialize<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let document = serde_json::from_slice(bytes).map(Named).map_err(Problem::internal)?;
    serde_path_to_error::deserialize(document).map_err(|error| {
        let mut pointer = String::new();
        for segment in error.path() {
            match segment {
                Segment::Seq { index } => push_segment(&mut pointer, &index.to_string()),
                Segment::Map { key } => push_segment(&mut pointer, key),
                Segment::Enum { variant } => push_segment(&mut pointer, variant),
                Segment::Unknown => {}
            }
        }
        let complaint = Complaint::read(&error.inner().to_string());
        if let Some(name) = complaint.field {
            push_segment(&mut pointer, &name);
        }
        Problem::new(ProblemCode::InvalidBody).field(pointer, complaint.code, complaint.message)
    })
}

/// A document in which fields have names: serde would also take an array for an object and its items for the fields.
struct Named(Value);

impl<'de> Deserializer<'de> for Named {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self.0 {
            Value::Array(items) => {
                let mut items = SeqDeserializer::new(items.into_iter().map(Named));
                let value = visitor.visit_seq(&mut items)?;
                items.end().map(|()| value)
            }
            Value::Object(fields) => {
                let mut fields = MapDeserializer::new(fields.into_iter().map(|(name, value)| (name, Self(value))));
                let value = visitor.visit_map(&mut fields)?;
                fields.end().map(|()| value)
            }
            scalar => scalar.deserialize_any(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        match self.0 {
            Value::Array(_) => Err(Error::invalid_type(Unexpected::Seq, &visitor)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, serde_json::Error> for Named {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// What serde says, without the value that it quotes.
pub(crate) struct Complaint {
    /// Stable and `snake_case`.
    pub(crate) code: &'static str,
    /// For people.
    pub(crate) message: String,
    /// The field that is meant, where the path ends at its parent.
    pub(crate) field: Option<String>,
}

impl Complaint {
    /// Reads a message of `serde::de::Error`'s provided constructors; any other is one of our domain types'.
    pub(crate) fn read(message: &str) -> Self {
        // serde_json adds where it happened.
        let message = message.rfind(" at line ").map_or(message, |at| &message[..at]);
        // What is quoted comes before what is expected, so the last one is ours.
        let expected = message.rsplit_once(", expected ").map_or("something else", |(_, expected)| expected);
        let new = |code, message| Self { code, message, field: None };
        if let Some(name) = message.strip_prefix("missing field `") {
            Self { field: Some(name.trim_end_matches('`').to_owned()), ..new("missing", "is required".to_owned()) }
        } else if let Some(name) = message.strip_prefix("duplicate field `") {
            Self {
                field: Some(name.trim_end_matches('`').to_owned()),
                ..new("duplicate_name", "occurs twice".to_owned())
            }
        } else if message.starts_with("unknown field ") {
            new("unknown_field", "is not a field of this request".to_owned())
        } else if message.starts_with("unknown variant ") {
            new("unknown_value", format!("must be {expected}"))
        } else if message.starts_with("invalid type: ") {
            new("wrong_type", format!("must be {}", readable(expected)))
        } else if message.starts_with("invalid value: ") || message.starts_with("invalid length ") {
            new("out_of_range", format!("must be {}", readable(expected)))
        } else if message.starts_with("data did not match any variant") {
            new("wrong_type", "has none of the forms that are allowed here".to_owned())
        } else if message.len() <= 160 && !message.contains(['`', '"', '\'']) {
            new("invalid", message.to_owned())
        } else {
            // Quotes mean that somebody else's type is quoting.
            new("invalid", "is not valid".to_owned())
        }
    }
}

/// Rust's type names, as people say them.
fn readable(expected: &str) -> String {
    match expected {
        "u8" => "an integer from 0 to 255".to_owned(),
        "u16" => "an integer from 0 to 65535".to_owned(),
        "u32" => format!("an integer from 0 to {}", u32::MAX),
        "u64" | "usize" => "a non-negative integer".to_owned(),
        "i8" | "i16" | "i32" | "i64" | "isize" => "an integer of ordinary size".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "a sequence" => "an array".to_owned(),
        "a map" => "an object".to_owned(),
        other if other.starts_with("struct ") => "an object".to_owned(),
        other if other.starts_with("enum ") || other.contains("internally tagged enum") => {
            "one of the documented values".to_owned()
        }
        other => other.to_owned(),
    }
}

/// The problem for a document of the right shape with the wrong values.
pub(super) fn violations(report: &Report) -> Problem {
    report.iter().fold(Problem::new(ProblemCode::ValidationFailed), |problem, (path, error)| {
        let (code, message) = violation(error.message());
        problem.field(json_pointer(path), code, message)
    })
}

/// Structs are camelCase in JSON and snake_case in garde's paths.
fn json_pointer(path: &garde::Path) -> String {
    let mut pointer = String::new();
    // garde's public iterator is its serialised form: pairs of kind and name.
    let segments: Vec<(String, String)> =
        serde_json::to_value(path).and_then(serde_json::from_value).unwrap_or_default();
    for (kind, name) in segments {
        match kind.as_str() {
            "key" => push_segment(&mut pointer, &camel_case(&name)),
            "index" => push_segment(&mut pointer, &name),
            _ => {}
        }
    }
    pointer
}

fn camel_case(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut capital = false;
    for character in name.chars() {
        if character == '_' {
            capital = !out.is_empty();
        } else if capital {
            out.push(character.to_ascii_uppercase());
            capital = false;
        } else {
            out.push(character);
        }
    }
    out
}

fn violation(message: &str) -> (&'static str, String) {
    if let Some(least) = message.strip_prefix("length is lower than ") {
        ("too_short", format!("must have a length of at least {least}"))
    } else if let Some(most) = message.strip_prefix("length is greater than ") {
        ("too_long", format!("must have a length of at most {most}"))
    } else if let Some(least) = message.strip_prefix("lower than ") {
        ("out_of_range", format!("must be at least {least}"))
    } else if let Some(most) = message.strip_prefix("greater than ") {
        ("out_of_range", format!("must be at most {most}"))
    } else if message == "not set" {
        ("missing", "is required".to_owned())
    } else {
        ("invalid", message.to_owned())
    }
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

    #[test]
    fn names_become_camel_case_as_serde_does_it() {
        assert_eq!(camel_case("line_quantity"), "lineQuantity");
        assert_eq!(camel_case("address_line1"), "addressLine1");
        assert_eq!(camel_case("rateBp"), "rateBp");
    }
}
