//! Query strings, read into a type: every value is text, which the type of its field interprets.

use std::{borrow::Cow, num::IntErrorKind, vec};

use serde::{
    de::{
        DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, Visitor,
        value::CowStrDeserializer,
    },
    forward_to_deserialize_any,
};

use super::shape::{ShapeError, beyond, integer};

/// A name and its value, decoded.
pub type Pair<'a> = (Cow<'a, str>, Cow<'a, str>);

/// Reads the pairs that are fields of the type. Others are ignored: they may belong to another type that the same query
/// is read into.
///
/// # Errors
/// If the type cannot be read from them.
pub fn read<T: DeserializeOwned>(pairs: Vec<Pair<'_>>) -> Result<T, ShapeError> {
    T::deserialize(Query(pairs))
}

struct Query<'a>(Vec<Pair<'a>>);

impl<'de> Deserializer<'de> for Query<'_> {
    type Error = ShapeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ShapeError> {
        visitor.visit_map(Parameters { pairs: self.0.into_iter(), value: None })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        mut self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ShapeError> {
        self.0.retain(|(name, _)| fields.contains(&name.as_ref()));
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

struct Parameters<'a> {
    pairs: vec::IntoIter<Pair<'a>>,
    /// The pair whose name was read last.
    value: Option<Pair<'a>>,
}

impl<'de> MapAccess<'de> for Parameters<'_> {
    type Error = ShapeError;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, ShapeError> {
        let Some((name, value)) = self.pairs.next() else { return Ok(None) };
        let key: CowStrDeserializer<'_, ShapeError> = name.clone().into_deserializer();
        let key = seed.deserialize(key).map_err(|error| error.below(&name))?;
        self.value = Some((name, value));
        Ok(Some(key))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, ShapeError> {
        let (name, value) = self.value.take().unwrap_or_default();
        seed.deserialize(Text(&value)).map_err(|error| error.below(&name))
    }
}

/// The value of one parameter.
struct Text<'a>(&'a str);

/// The methods for integers, which differ in their bounds.
macro_rules! integers {
    ($($method:ident $visit:ident $type:ty,)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ShapeError> {
            let (min, max) = (i128::from(<$type>::MIN), i128::from(<$type>::MAX));
            match self.0.parse::<$type>() {
                Ok(number) => visitor.$visit(number),
                Err(error) => Err(match error.kind() {
                    IntErrorKind::PosOverflow | IntErrorKind::NegOverflow => beyond(min, max),
                    _ => ShapeError::wrong_type(integer(min)),
                }),
            }
        })*
    };
}

impl<'de> Deserializer<'de> for Text<'_> {
    type Error = ShapeError;

    integers! {
        deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16,
        deserialize_i32 visit_i32 i32, deserialize_i64 visit_i64 i64,
        deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32, deserialize_u64 visit_u64 u64,
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ShapeError> {
        visitor.visit_str(self.0)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ShapeError> {
        match self.0 {
            "true" => visitor.visit_bool(true),
            "false" => visitor.visit_bool(false),
            _ => Err(ShapeError::wrong_type("true or false")),
        }
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ShapeError> {
        match self.0.parse::<f64>() {
            Ok(number) if number.is_finite() => visitor.visit_f64(number),
            _ => Err(ShapeError::wrong_type("a number")),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ShapeError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, ShapeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ShapeError> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    forward_to_deserialize_any! {
        i128 u128 f32 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier
        ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::{FieldCode, FieldError};
    use shop_domain::{Id, user::User};

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "camelCase")]
    struct Search {
        q: Option<String>,
        min_price: Option<u32>,
        #[serde(default)]
        in_stock: bool,
        sort: Option<Sort>,
        seller: Option<Id<User>>,
        min_rating: Option<f64>,
        offset: Option<i64>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    enum Sort {
        #[serde(rename = "price")]
        Price,
        #[serde(rename = "-price")]
        PriceDescending,
    }

    #[derive(Debug, Deserialize)]
    struct Lookup {
        #[expect(dead_code, reason = "only its absence matters")]
        email: String,
    }

    fn parse<T: DeserializeOwned>(query: &str) -> Result<T, FieldError> {
        read(form_urlencoded::parse(query.as_bytes()).collect()).map_err(FieldError::from)
    }

    #[test]
    fn a_query_is_read_into_its_type() {
        let search: Search = parse("q=a%20mug&minPrice=100&inStock=true&sort=-price&minRating=4.5&offset=-7").unwrap();
        let expected = Search {
            q: Some("a mug".to_owned()),
            min_price: Some(100),
            in_stock: true,
            sort: Some(Sort::PriceDescending),
            seller: None,
            min_rating: Some(4.5),
            offset: Some(-7),
        };
        assert_eq!(search, expected);
        assert_eq!(parse::<Search>("sort=price&other=1&other=2").unwrap().sort, Some(Sort::Price));
    }

    #[test]
    fn bad_values_are_pointed_at() {
        for (query, pointer, code) in [
            ("minPrice=-1", "/minPrice", FieldCode::WrongType),
            ("minPrice=x", "/minPrice", FieldCode::WrongType),
            ("minPrice=99999999999999999999", "/minPrice", FieldCode::OutOfRange),
            ("offset=-99999999999999999999", "/offset", FieldCode::OutOfRange),
            ("inStock=yes", "/inStock", FieldCode::WrongType),
            ("minRating=NaN", "/minRating", FieldCode::WrongType),
            ("sort=up", "/sort", FieldCode::UnknownValue),
            ("seller=x", "/seller", FieldCode::Invalid),
            ("q=a&q=b", "/q", FieldCode::DuplicateName),
        ] {
            let error = parse::<Search>(query).unwrap_err();
            assert_eq!((error.pointer.as_str(), error.code), (pointer, code), "{query}: {}", error.message);
        }
        let error = parse::<Lookup>("").unwrap_err();
        assert_eq!((error.pointer.as_str(), error.code), ("/email", FieldCode::Missing));
    }
}
