//! Validation of requests and import files, in two steps: the shape while it is read ([`json`], [`query`]), the values
//! afterwards ([`Validate`], with the [`rules`]).
//!
//! Every error has a code of a closed list ([`FieldCode`]), set where it is found and never derived from a message.

mod code;
pub mod json;
pub mod patch;
pub mod query;
pub mod rules;
mod shape;

use std::collections::BTreeMap;

use serde::Serialize;

pub use self::shape::push_segment;
pub use self::{code::FieldCode, shape::ShapeError};
use shop_domain::{Money, text::TextError};

/// An invalid field or query parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// A JSON pointer into the body (`/items/0/quantity`), or `/` and the name of a query parameter.
    pub pointer: String,
    /// Stable and `snake_case`.
    pub code: FieldCode,
    /// For people.
    pub message: String,
}

/// The rule that a value breaks. The message quotes no value, because it may be a secret in the wrong field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Stable.
    pub code: FieldCode,
    /// For people.
    pub message: String,
}

impl Violation {
    /// A violation of a rule.
    pub fn new(code: FieldCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl From<TextError> for Violation {
    fn from(error: TextError) -> Self {
        let code = match error {
            TextError::Blank => FieldCode::Blank,
            TextError::TooShort { .. } => FieldCode::TooShort,
            TextError::TooLong { .. } => FieldCode::TooLong,
            TextError::NotOneLine
            | TextError::ControlCharacter
            | TextError::NotAName
            | TextError::NotATelephoneNumber
            | TextError::NotE164
            | TextError::NotHttps
            | TextError::NotAUrl => FieldCode::Invalid,
        };
        Self::new(code, error.to_string())
    }
}

/// The result of a rule.
pub type Checked = Result<(), Violation>;

/// A value of the right shape whose fields have rules.
pub trait Validate {
    /// Checks each field, by its name in JSON. By default there are no rules.
    fn validate(&self, _: &mut Violations) {}
}

impl<T: Validate> Validate for Option<T> {
    fn validate(&self, v: &mut Violations) {
        if let Some(value) = self {
            value.validate(v);
        }
    }
}

impl<T: Validate> Validate for Vec<T> {
    fn validate(&self, v: &mut Violations) {
        for (index, value) in self.iter().enumerate() {
            v.nested(&index.to_string(), value);
        }
    }
}

/// The client decides how long its lists are, so the number of their errors is bounded.
const MAX_ERRORS: usize = 100;

/// The violations found so far, and the pointer to the field that is checked.
#[derive(Debug, Default)]
pub struct Violations {
    pointer: String,
    errors: Vec<FieldError>,
}

impl Violations {
    /// The violations of a value, at most 100.
    pub fn of(value: &impl Validate) -> Vec<FieldError> {
        let mut violations = Self::default();
        value.validate(&mut violations);
        violations.errors
    }

    /// Checks a field by a rule. A field without a value breaks none.
    pub fn check<T: ?Sized>(&mut self, name: &str, field: &impl Field<T>, rule: impl Fn(&T) -> Checked) {
        if let Some(value) = field.value() {
            self.at(name, |v| {
                if let Err(violation) = rule(value) {
                    v.push(violation);
                }
            });
        }
    }

    /// Checks each entry of a list by a rule.
    pub fn each<E: Field<T>, T: ?Sized>(&mut self, name: &str, list: &impl Field<[E]>, rule: impl Fn(&T) -> Checked) {
        for (index, entry) in list.value().into_iter().flatten().enumerate() {
            self.at(name, |v| v.check(&index.to_string(), entry, &rule));
        }
    }

    /// Checks the fields of an object, or of a list of objects.
    pub fn nested(&mut self, name: &str, value: &impl Validate) {
        self.at(name, |v| value.validate(v));
    }

    fn at(&mut self, name: &str, check: impl FnOnce(&mut Self)) {
        let here = self.pointer.len();
        push_segment(&mut self.pointer, name);
        check(self);
        self.pointer.truncate(here);
    }

    fn push(&mut self, violation: Violation) {
        if self.errors.len() < MAX_ERRORS {
            let Violation { code, message } = violation;
            self.errors.push(FieldError { pointer: self.pointer.clone(), code, message });
        }
    }
}

/// A field as rules see it. Absent and null fields have no value, so no rule is applied to them.
pub trait Field<T: ?Sized> {
    /// The value, if there is one.
    fn value(&self) -> Option<&T>;
}

impl<T: ?Sized, F: Field<T>> Field<T> for Option<F> {
    fn value(&self) -> Option<&T> {
        self.as_ref().and_then(F::value)
    }
}
impl Field<str> for String {
    fn value(&self) -> Option<&str> {
        Some(self)
    }
}
impl<E> Field<[E]> for Vec<E> {
    fn value(&self) -> Option<&[E]> {
        Some(self)
    }
}

macro_rules! fields {
    ($($type:ty),*) => {
        $(impl Field<$type> for $type {
            fn value(&self) -> Option<&$type> {
                Some(self)
            }
        })*
    };
}
fields!(i32, i64, u32, f64, Money, BTreeMap<String, String>);

#[cfg(test)]
mod tests {
    use super::{rules::*, *};

    struct Order {
        note: Option<String>,
        gift: Option<Option<String>>,
        tags: Vec<String>,
        lines: Vec<Line>,
        total: Money,
    }

    struct Line {
        quantity: i64,
    }

    impl Validate for Order {
        fn validate(&self, v: &mut Violations) {
            v.check("note", &self.note, line(10));
            v.check("gift", &self.gift, line(10));
            v.check("tags", &self.tags, entries(0..=2));
            v.each("tags", &self.tags, line(5));
            v.nested("lines", &self.lines);
            v.check("expectedTotal", &self.total, amount(Money::from_minor(100)));
        }
    }

    impl Validate for Line {
        fn validate(&self, v: &mut Violations) {
            v.check("quantity", &self.quantity, range(1..=999));
        }
    }

    fn good() -> Order {
        Order { note: None, gift: Some(None), tags: Vec::new(), lines: Vec::new(), total: Money::ZERO }
    }

    fn found(order: &Order) -> Vec<(String, FieldCode)> {
        Violations::of(order).into_iter().map(|error| (error.pointer, error.code)).collect()
    }

    #[test]
    fn fields_without_a_value_break_no_rule() {
        assert_eq!(found(&good()), []);
    }

    #[test]
    fn every_violation_is_found_and_pointed_at() {
        let order = Order {
            note: Some(" ".to_owned()),
            gift: Some(Some("a\nb".to_owned())),
            tags: ["a", "too long", "c"].map(str::to_owned).into(),
            lines: vec![Line { quantity: 1 }, Line { quantity: 0 }],
            total: Money::from_minor(-1),
        };
        let expected = [
            ("/note", FieldCode::Blank),
            ("/gift", FieldCode::Invalid),
            ("/tags", FieldCode::TooLong),
            ("/tags/1", FieldCode::TooLong),
            ("/lines/1/quantity", FieldCode::OutOfRange),
            ("/expectedTotal", FieldCode::OutOfRange),
        ];
        assert_eq!(found(&order), expected.map(|(pointer, code)| (pointer.to_owned(), code)));
    }

    #[test]
    fn the_number_of_violations_is_bounded() {
        let lines = std::iter::repeat_with(|| Line { quantity: 0 }).take(10_000).collect();
        assert_eq!(found(&Order { lines, ..good() }).len(), MAX_ERRORS);
    }
}
