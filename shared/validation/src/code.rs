//! The closed set of reasons why a field is refused. `docs/ERRORS.md` is generated from this table, and a test
//! compares the two.

use serde::Serialize;

/// Declares [`FieldCode`]: variant, code, and meaning.
macro_rules! field_codes {
    ($($variant:ident = $code:literal $meaning:literal;)*) => {
        /// Why a field or a query parameter was refused. The text form is part of the contract and never changes its
        /// meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum FieldCode {
            $(#[doc = $meaning] $variant,)*
        }

        impl FieldCode {
            /// All codes, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable `snake_case` form that clients branch on.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The meaning, in one sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }
        }
    };
}

field_codes! {
    // The shape.
    Missing = "missing" "The field is required, always or because of the other fields.";
    UnknownField = "unknown_field" "The request has no such field.";
    UnknownParameter = "unknown_parameter" "The operation has no such query parameter.";
    DuplicateName = "duplicate_name" "The name occurs twice in one object or query.";
    WrongType = "wrong_type" "The value is of another JSON type, or the parameter cannot be read as its type.";
    UnknownValue = "unknown_value" "The value is not one of the allowed values; the message lists them.";

    // The value.
    Invalid = "invalid" "The value has an invalid format; the message describes the expected one.";
    Blank = "blank" "The text is empty or white space.";
    TooShort = "too_short" "The text has too few characters, or the list too few entries.";
    TooLong = "too_long" "The text has too many characters, or the list too many entries.";
    OutOfRange = "out_of_range" "The number is too small or too large.";
    Repeated = "repeated" "The list contains the same entry twice.";
    RawCardData = "raw_card_data" "The value looks like a card number, or the name like that of a security code.";

    // The resource or option that the value refers to.
    UnknownReference = "unknown_reference" "The value refers to a resource that does not exist or that you have no access to.";
    Taken = "taken" "Another resource has this value, and it must be unique.";
    Unavailable = "unavailable" "The chosen option is not available here.";
}

impl Serialize for FieldCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl utoipa::PartialSchema for FieldCode {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .enum_values(Some(Self::ALL.iter().map(|code| code.as_str())))
            .into()
    }
}
impl utoipa::ToSchema for FieldCode {
    fn name() -> std::borrow::Cow<'static, str> {
        "FieldCode".into()
    }
}
