//! Rules for the fields of products.

use std::collections::BTreeMap;

use shared::{
    domain::{Money, product::Price},
    validation::{
        Checked, FieldCode, Violation,
        rules::{line, optional_lines, range},
    },
};

/// More than the longest data sheet.
const MAX_SPECIFICATIONS: usize = 100;

/// A name that becomes a field of a stored document: no operator, and nothing that the format cannot hold.
pub(super) fn field_name(name: &str) -> Checked {
    line(100)(name)?;
    if name.starts_with('$') {
        return Err(Violation::new(FieldCode::Invalid, "must not begin with a dollar sign"));
    }
    Ok(())
}

/// Names and what they say.
pub(super) fn specifications(map: &BTreeMap<String, String>) -> Checked {
    if map.len() > MAX_SPECIFICATIONS {
        return Err(Violation::new(FieldCode::TooLong, format!("must have at most {MAX_SPECIFICATIONS} entries")));
    }
    for (name, text) in map {
        field_name(name)?;
        optional_lines(2000)(text)?;
    }
    Ok(())
}

/// A difference between two prices.
pub(super) fn price_modifier(amount: &Money) -> Checked {
    let highest = Price::HIGHEST.minor();
    range(-highest..=highest)(&amount.minor())
}
