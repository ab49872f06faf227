//! What is sold, and how many of it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A stock-keeping unit: 1–64 characters of `A–Z a–z 0–9 . _ -`, unique in the shop.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, example = "MUG-1")]
pub struct Sku(String);

/// The text is not a SKU.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("a SKU has 1–64 characters out of A–Z, a–z, 0–9, dot, dash and underscore")]
pub struct InvalidSku;

impl Sku {
    /// Checks the text.
    pub fn try_new(text: impl Into<String>) -> Result<Self, InvalidSku> {
        let text = text.into();
        let is_valid =
            (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        if is_valid { Ok(Self(text)) } else { Err(InvalidSku) }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Sku {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl TryFrom<String> for Sku {
    type Error = InvalidSku;

    fn try_from(text: String) -> Result<Self, InvalidSku> {
        Self::try_new(text)
    }
}
impl From<Sku> for String {
    fn from(sku: Sku) -> Self {
        sku.0
    }
}
impl From<&Sku> for bson::Bson {
    fn from(sku: &Sku) -> Self {
        Self::String(sku.0.clone())
    }
}

/// Units in a fixed order of SKUs: two orders that touch the same records in the same order wait for each other instead of in
/// a circle.
pub(super) fn in_order(units: impl Iterator<Item = (Sku, Quantity)>) -> Vec<(Sku, Quantity)> {
    let mut units: Vec<_> = units.collect();
    units.sort_by(|(left, _), (right, _)| left.cmp(right));
    units
}

/// How many of one thing are in a cart or an order line: 1–999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(try_from = "i64", into = "i64")]
#[schema(value_type = i64)]
pub struct Quantity(i64);

/// The number is not a quantity.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("a quantity is a whole number from 1 to 999")]
pub struct InvalidQuantity;

impl Quantity {
    /// One.
    pub const ONE: Self = Self(1);
    /// The most that one line takes.
    pub const MAX: Self = Self(999);

    /// Checks the number.
    pub const fn try_new(number: i64) -> Result<Self, InvalidQuantity> {
        if number >= 1 && number <= Self::MAX.0 { Ok(Self(number)) } else { Err(InvalidQuantity) }
    }

    /// The number.
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl TryFrom<i64> for Quantity {
    type Error = InvalidQuantity;

    fn try_from(number: i64) -> Result<Self, InvalidQuantity> {
        Self::try_new(number)
    }
}
impl From<Quantity> for i64 {
    fn from(quantity: Quantity) -> Self {
        quantity.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sku_has_no_spaces_dollars_or_slashes() {
        assert!(Sku::try_new("MUG-1.red_XL").is_ok());
        for text in ["", "a b", "$gt", "a/b", "ä", &"x".repeat(65)] {
            assert_eq!(Sku::try_new(text), Err(InvalidSku), "{text}");
        }
    }

    #[test]
    fn a_quantity_is_between_1_and_999() {
        assert!(Quantity::try_new(1).is_ok() && Quantity::try_new(999).is_ok());
        for number in [0, -1, 1000, i64::MAX, i64::MIN] {
            assert_eq!(Quantity::try_new(number), Err(InvalidQuantity));
        }
    }
}
