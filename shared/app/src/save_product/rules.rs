//! Rules for single fields that `garde` does not know.

use std::collections::BTreeMap;

use garde::{Error, Result};

use shop_domain::{Money, product::Price};

/// More than the longest data sheet.
const MAX_SPECIFICATIONS: usize = 100;

/// A web address: `http` or `https`, and no spaces or control characters.
pub(super) fn web_address(address: &str, (): &()) -> Result {
    let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"));
    if rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(|c: char| c.is_whitespace() || c.is_control())) {
        Ok(())
    } else {
        Err(Error::new("must be a web address such as https://images.example/mug.webp"))
    }
}

/// One line that says something.
pub(super) fn line(text: &str, (): &()) -> Result {
    if text.contains(char::is_control) {
        return Err(Error::new("must be one line without control characters"));
    }
    lines(text, &())
}

/// Any number of lines that say something.
pub(super) fn lines(text: &str, (): &()) -> Result {
    if text.trim().is_empty() {
        return Err(Error::new("must not be blank"));
    }
    if text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(Error::new("must not contain control characters"));
    }
    Ok(())
}

/// A name that becomes a field of a stored document: no operator, and nothing that the format cannot hold.
pub(super) fn name_of_a_field(name: &str, (): &()) -> Result {
    let fits = (1..=100).contains(&name.chars().count());
    if fits && !name.starts_with('$') && !name.contains(char::is_control) {
        Ok(())
    } else {
        Err(Error::new("a name has 1–100 characters and does not begin with a dollar sign"))
    }
}

/// Names and what they say.
pub(super) fn specifications(map: &BTreeMap<String, String>, (): &()) -> Result {
    if map.len() > MAX_SPECIFICATIONS {
        return Err(Error::new("has too many entries"));
    }
    for (name, text) in map {
        name_of_a_field(name, &())?;
        if text.chars().count() > 2000 {
            return Err(Error::new("a specification has at most 2000 characters"));
        }
    }
    Ok(())
}

/// A difference between two prices.
pub(super) fn modifier(amount: &Money, (): &()) -> Result {
    if amount.minor().unsigned_abs() <= Price::HIGHEST.minor().unsigned_abs() {
        Ok(())
    } else {
        Err(Error::new("is beyond any price"))
    }
}
