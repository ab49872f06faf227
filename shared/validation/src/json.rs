//! JSON documents: from bytes to a value without duplicate names, and from there to a type.
//!
//! serde_json's own deserialiser is not used, because its errors are English text without a code or a pointer.

use std::{fmt, vec};

use serde::{
    de::{
        DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor,
        value::StringDeserializer,
    },
    forward_to_deserialize_any,
};
use serde_json::{Map, Number, Value};

use super::{
    FieldCode, FieldError,
    shape::{ShapeError, beyond, integer, one_of, push_segment},
};

/// The text is not one JSON document (RFC 8259).
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("is not valid JSON at line {line}, column {column}")]
pub struct Malformed {
    line: usize,
    column: usize,
}

/// A document, and the first name that occurs twice in one of its objects.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// The document. If a name occurs twice, it has the last value.
    pub value: Value,
    duplicate: Option<String>,
}

/// Parses a document. A byte order mark before it is ignored (RFC 8259, section 8.1).
///
/// # Errors
/// If the bytes are not one JSON document.
pub fn parse(bytes: &[u8]) -> Result<Document, Malformed> {
    let mut build = Build { pointer: String::new(), duplicate: None };
    let mut text = serde_json::Deserializer::from_slice(without_bom(bytes));
    let value = build.deserialize(&mut text).and_then(|value| text.end().map(|()| value));
    match value {
        Ok(value) => Ok(Document { value, duplicate: build.duplicate }),
        Err(error) => Err(Malformed { line: error.line(), column: error.column() }),
    }
}

/// The bytes without the UTF-8 byte order mark that some editors and platforms put before a text.
pub fn without_bom(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

impl Document {
    /// The first name that occurs twice, as an error that points at it.
    pub fn duplicate(&self) -> Option<FieldError> {
        let pointer = self.duplicate.clone()?;
        Some(FieldError { pointer, code: FieldCode::DuplicateName, message: "occurs twice".to_owned() })
    }

    /// Reads the document into a type.
    ///
    /// # Errors
    /// If it does not have the type's shape.
    pub fn read<T: DeserializeOwned>(self) -> Result<T, ShapeError> {
        T::deserialize(Node(self.value))
    }
}

/// Builds a value and records the first duplicate name, which `Value` itself would silently overwrite.
struct Build {
    pointer: String,
    duplicate: Option<String>,
}

impl<'de> DeserializeSeed<'de> for &mut Build {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Build {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }
    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }
    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }
    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }
    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }
    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let here = self.pointer.len();
        let mut list = Vec::new();
        loop {
            push_segment(&mut self.pointer, &list.len().to_string());
            let item = items.next_element_seed(&mut *self)?;
            self.pointer.truncate(here);
            match item {
                Some(item) => list.push(item),
                None => return Ok(Value::Array(list)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let here = self.pointer.len();
        let mut object = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            push_segment(&mut self.pointer, &name);
            if self.duplicate.is_none() && object.contains_key(&name) {
                self.duplicate = Some(self.pointer.clone());
            }
            let value = fields.next_value_seed(&mut *self)?;
            self.pointer.truncate(here);
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

/// The deserialiser of a value of a document.
struct Node(Value);

impl Node {
    fn expect(&self, is_right: impl FnOnce(&Value) -> bool, expected: &str) -> Result<(), ShapeError> {
        if is_right(&self.0) { Ok(()) } else { Err(ShapeError::wrong_type(expected)) }
    }

    fn expect_integer(&self, min: i128, max: i128) -> Result<(), ShapeError> {
        let number = match &self.0 {
            Value::Number(number) => number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from)),
            _ => None,
        };
        match number {
            Some(number) if (min..=max).contains(&number) => Ok(()),
            Some(_) => Err(beyond(min, max)),
            None => Err(ShapeError::wrong_type(integer(min))),
        }
    }
}

/// The methods for integers, which differ in their bounds.
macro_rules! integers {
    ($($method:ident $type:ty,)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ShapeError> {
            self.expect_integer(i128::from(<$type>::MIN), i128::from(<$type>::MAX))?;
            self.deserialize_any(visitor)
        })*
    };
}

/// The methods for the other types of JSON.
macro_rules! types {
    ($($method:ident($($argument:ident: $type:ty),*) $right:ident $expected:literal,)*) => {
        $(fn $method<V: Visitor<'de>>(self, $($argument: $type,)* visitor: V) -> Result<V::Value, ShapeError> {
            self.expect(Value::$right, $expected)?;
            self.deserialize_any(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for Node {
    type Error = ShapeError;

    integers! {
        deserialize_i8 i8, deserialize_i16 i16, deserialize_i32 i32, deserialize_i64 i64,
        deserialize_u8 u8, deserialize_u16 u16, deserialize_u32 u32, deserialize_u64 u64,
    }

    // A struct is read from an object only; serde would also accept an array of its fields.
    types! {
        deserialize_bool() is_boolean "true or false",
        deserialize_f32() is_number "a number",
        deserialize_f64() is_number "a number",
        deserialize_char() is_string "a string",
        deserialize_str() is_string "a string",
        deserialize_string() is_string "a string",
        deserialize_seq() is_array "an array",
        deserialize_tuple(_length: usize) is_array "an array",
        deserialize_tuple_struct(_name: &'static str, _length: usize) is_array "an array",
        deserialize_map() is_object "an object",
        deserialize_struct(_name: &'static str, _fields: &'static [&'static str]) is_object "an object",
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ShapeError> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::String(text) => visitor.visit_string(text),
            Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), _, _) => visitor.visit_u64(number),
                (_, Some(number), _) => visitor.visit_i64(number),
                (_, _, Some(number)) => visitor.visit_f64(number),
                (None, None, None) => Err(ShapeError::wrong_type("a number")),
            },
            Value::Array(items) => {
                let mut entries = Entries { items: items.into_iter(), next: 0 };
                let list = visitor.visit_seq(&mut entries)?;
                if entries.items.len() == 0 {
                    Ok(list)
                } else {
                    let message = format!("must have at most {} entries", entries.next);
                    Err(ShapeError::new(FieldCode::OutOfRange, message))
                }
            }
            Value::Object(fields) => visitor.visit_map(Fields { fields: fields.into_iter(), value: None }),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ShapeError> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, ShapeError> {
        visitor.visit_newtype_struct(self)
    }

    // Enums are read from strings only: no request has a variant with data.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ShapeError> {
        match self.0 {
            Value::String(text) => visitor.visit_enum(text.into_deserializer()),
            _ => Err(ShapeError::wrong_type(one_of(variants))),
        }
    }

    forward_to_deserialize_any! { i128 u128 bytes byte_buf unit unit_struct identifier ignored_any }
}

/// The entries of a list.
struct Entries {
    items: vec::IntoIter<Value>,
    next: usize,
}

impl<'de> SeqAccess<'de> for &mut Entries {
    type Error = ShapeError;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, ShapeError> {
        let Some(item) = self.items.next() else { return Ok(None) };
        let index = self.next;
        self.next += 1;
        seed.deserialize(Node(item)).map(Some).map_err(|error| error.below(&index.to_string()))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

/// The fields of an object.
struct Fields {
    fields: serde_json::map::IntoIter,
    /// The entry whose name was read last.
    value: Option<(String, Value)>,
}

impl<'de> MapAccess<'de> for Fields {
    type Error = ShapeError;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, ShapeError> {
        let Some((name, value)) = self.fields.next() else { return Ok(None) };
        let key: StringDeserializer<ShapeError> = name.clone().into_deserializer();
        let key = seed.deserialize(key).map_err(|error| error.below(&name))?;
        self.value = Some((name, value));
        Ok(Some(key))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, ShapeError> {
        let (name, value) = self.value.take().unwrap_or_default();
        seed.deserialize(Node(value)).map_err(|error| error.below(&name))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;
    use crate::patch::present;
    use shop_domain::{Id, Money, Sku, user::User};

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Thing {
        sku: Sku,
        #[serde(default)]
        unit_price: Option<Money>,
        #[serde(default, deserialize_with = "present")]
        size: Option<Option<Size>>,
        #[serde(default)]
        parts: Vec<Part>,
        #[serde(default)]
        labels: BTreeMap<String, String>,
        #[serde(default)]
        weight: f64,
        #[serde(default)]
        corner: (i8, u64),
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Part {
        owner: Id<User>,
        count: u32,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "lowercase")]
    enum Size {
        Small,
        Large,
    }

    fn read(json: &str) -> Result<Thing, FieldError> {
        parse(json.as_bytes()).unwrap().read().map_err(FieldError::from)
    }

    #[test]
    fn a_document_of_the_right_shape_is_read() {
        let owner = "507f1f77bcf86cd799439011";
        let json = format!(
            r#"{{"sku":"MUG","unitPrice":-5,"size":"large","parts":[{{"owner":"{owner}","count":2}}],
                "labels":{{"Material":"clay"}},"weight":1,"corner":[-1,18446744073709551615]}}"#
        );
        let thing = read(&json).unwrap();
        assert_eq!((thing.sku.as_str(), thing.unit_price), ("MUG", Some(Money::from_minor(-5))));
        assert_eq!(thing.size, Some(Some(Size::Large)));
        assert_eq!((thing.parts[0].owner.to_string().as_str(), thing.parts[0].count), (owner, 2));
        assert_eq!((thing.labels["Material"].as_str(), thing.corner), ("clay", (-1, u64::MAX)));
        let bare = read(r#"{"sku":"MUG","size":null,"unitPrice":null}"#).unwrap();
        assert_eq!((bare.size, bare.unit_price), (Some(None), None));
        assert_eq!(read("\u{feff}{\"sku\":\"MUG\"}").unwrap().size, None);
    }

    #[test]
    fn the_wrong_shape_has_a_code_and_is_pointed_at() {
        use FieldCode::*;
        for (json, pointer, code) in [
            ("[]", "", WrongType),
            ("null", "", WrongType),
            ("{}", "/sku", Missing),
            (r#"{"sku":null}"#, "/sku", WrongType),
            (r#"{"sku":"a b"}"#, "/sku", Invalid),
            (r#"{"sku":"A","a/b":1}"#, "/a~1b", UnknownField),
            (r#"{"sku":"A","unitPrice":1.0}"#, "/unitPrice", WrongType),
            (r#"{"sku":"A","unitPrice":9223372036854775808}"#, "/unitPrice", OutOfRange),
            (r#"{"sku":"A","unitPrice":99999999999999999999}"#, "/unitPrice", WrongType),
            (r#"{"sku":"A","size":"huge"}"#, "/size", UnknownValue),
            (r#"{"sku":"A","size":{"small":null}}"#, "/size", WrongType),
            (r#"{"sku":"A","parts":{}}"#, "/parts", WrongType),
            (r#"{"sku":"A","parts":[["507f1f77bcf86cd799439011",1]]}"#, "/parts/0", WrongType),
            (r#"{"sku":"A","parts":[{"count":1}]}"#, "/parts/0/owner", Missing),
            (r#"{"sku":"A","parts":[{"owner":"x"}]}"#, "/parts/0/owner", Invalid),
            (r#"{"sku":"A","parts":[{"owner":"507f1f77bcf86cd799439011","count":-1}]}"#, "/parts/0/count", OutOfRange),
            (r#"{"sku":"A","labels":{"x":1}}"#, "/labels/x", WrongType),
            (r#"{"sku":"A","weight":"1"}"#, "/weight", WrongType),
            (r#"{"sku":"A","corner":[1]}"#, "/corner", OutOfRange),
            (r#"{"sku":"A","corner":[1,2,3]}"#, "/corner", OutOfRange),
            (r#"{"sku":"A","corner":[200,2]}"#, "/corner/0", OutOfRange),
        ] {
            let error = read(json).unwrap_err();
            assert_eq!((error.pointer.as_str(), error.code), (pointer, code), "{json}: {}", error.message);
        }
    }

    #[test]
    fn the_message_says_what_is_expected() {
        assert_eq!(read(r#"{"sku":"A","size":"huge"}"#).unwrap_err().message, "must be one of small, large");
        assert_eq!(read(r#"{"sku":"A","weight":"1"}"#).unwrap_err().message, "must be a number");
        let count = |literal: &str| {
            let json = format!(r#"{{"sku":"A","parts":[{{"owner":"507f1f77bcf86cd799439011","count":{literal}}}]}}"#);
            read(&json).unwrap_err().message
        };
        assert_eq!(
            (count("-1"), count("true")),
            ("must be from 0 to 4294967295".into(), "must be a non-negative integer".into())
        );
    }

    #[test]
    fn a_duplicate_name_is_found_at_any_depth() {
        let duplicate = |json: &str| parse(json.as_bytes()).unwrap().duplicate().map(|error| error.pointer);
        assert_eq!(duplicate(r#"{"a":1,"b":{"a":1}}"#), None);
        assert_eq!(duplicate(r#"{"a":1,"a":1}"#).as_deref(), Some("/a"));
        assert_eq!(duplicate(r#"[{"a":[0,{"b":1,"b":2}]}]"#).as_deref(), Some("/0/a/1/b"));
    }

    #[test]
    fn what_is_not_json_is_malformed() {
        for text in ["", "{", "nope", "{\"a\":}", "{} {}", "1e999", "\"\\ud800\"", "\u{feff}", "\u{feff}\u{feff}{}"] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
        assert_eq!(parse(b"{\n\"a\":x}"), Err(Malformed { line: 2, column: 5 }));
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            assert!(parse(format!("{}1{}", open.repeat(20_000), close.repeat(20_000)).as_bytes()).is_err());
        }
    }
}
