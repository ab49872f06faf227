//! Refuses documents with card data before anything of them is stored. (PCI DSS 3.3: a security code must not be
//! stored, not even in a log.)

use serde_json::Value;

use crate::problem::{FieldCode, Problem, ProblemCode};
use shop_validation::push_segment;

/// Refuses a document with a value that looks like card data.
///
/// # Errors
/// `raw_card_data_refused`, with a pointer to the value.
pub(super) fn refuse(document: &Value) -> Result<(), Problem> {
    search(document, &mut String::new(), false)
}

/// Refuses a card number in place of a payment token. The search of a body exempts fields for tokens, but a gateway's
/// token never consists of digits only.
///
/// # Errors
/// `raw_card_data_refused`, with a pointer to the value.
pub fn refuse_card_number(pointer: &str, token: &str) -> Result<(), Problem> {
    if is_card_number(token) { Err(card_data(pointer)) } else { Ok(()) }
}

fn card_data(pointer: &str) -> Problem {
    Problem::new(ProblemCode::RawCardDataRefused).field(
        pointer,
        FieldCode::RawCardData,
        "looks like card data: send it to the payment gateway only",
    )
}

/// Searches a value recursively. `is_exempt`: it may contain any digits, as passwords and tokens may.
fn search(value: &Value, pointer: &mut String, is_exempt: bool) -> Result<(), Problem> {
    let here = pointer.len();
    match value {
        Value::String(text) if !is_exempt && is_card_number(text) => return Err(card_data(pointer)),
        Value::Number(number) if !is_exempt => {
            let digits = match (number.as_u64(), number.as_f64()) {
                (Some(whole), _) => whole.to_string(),
                // `4242424242424242.0` is parsed as a float.
                (None, Some(fraction)) if number.is_f64() => fraction.round().to_string(),
                (None, _) => String::new(),
            };
            if is_card_number(&digits) {
                return Err(card_data(pointer));
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                push_segment(pointer, &index.to_string());
                search(item, pointer, is_exempt)?;
                pointer.truncate(here);
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                // The pointer is part of the answer and of the log, so it must not contain a name that is a card
                // number.
                if is_card_number(name) {
                    return Err(card_data(pointer));
                }
                push_segment(pointer, name);
                if is_security_code_name(name) {
                    return Err(card_data(pointer));
                }
                search(value, pointer, is_secret_name(name))?;
                pointer.truncate(here);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    Ok(())
}

/// Whether the text, spaces and dashes aside, is a run of 13 to 19 digits that passes Luhn.
fn is_card_number(text: &str) -> bool {
    let mut digits = Vec::with_capacity(19);
    for byte in text.bytes().filter(|byte| !matches!(byte, b' ' | b'-')) {
        if !byte.is_ascii_digit() || digits.len() == 19 {
            return false;
        }
        digits.push(u32::from(byte - b'0'));
    }
    digits.len() >= 13 && luhn(&digits)
}

/// ISO/IEC 7812-1, annex B.
fn luhn(digits: &[u32]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(position, digit)| match (position % 2, digit * 2) {
            (0, _) => *digit,
            (_, doubled) if doubled > 9 => doubled - 9,
            (_, doubled) => doubled,
        })
        .sum();
    sum.is_multiple_of(10)
}

fn is_security_code_name(name: &str) -> bool {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let plain = plain.strip_prefix("card").unwrap_or(&plain);
    matches!(plain, "cvv" | "cvc" | "cvv2" | "cvc2" | "csc" | "securitycode")
        || plain.starts_with("verificationvalue")
        || plain.starts_with("verificationcode") && name.to_ascii_lowercase().starts_with("card")
        || plain.starts_with("verificationnumber") && name.to_ascii_lowercase().starts_with("card")
}

fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["password", "token", "secret"].iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(body: &str) -> Option<String> {
        match refuse(&serde_json::from_str(body).unwrap()) {
            Ok(()) => None,
            Err(problem) => {
                assert_eq!(problem.code(), ProblemCode::RawCardDataRefused, "{body}");
                assert!(!format!("{problem:?}").contains("4242"), "{problem:?}");
                Some(problem.errors()[0].pointer.clone())
            }
        }
    }

    #[test]
    fn card_numbers_are_found_wherever_they_are() {
        for (body, pointer) in [
            (r#"{"a":"4242424242424242"}"#, "/a"),
            (r#"{"a":"4242 4242-4242 4242"}"#, "/a"),
            (r#"{"a":4242424242424242}"#, "/a"),
            (r#"{"a":4242424242424242.0}"#, "/a"),
            (r#"{"a":[{"b":["x","378282246310005"]}]}"#, "/a/0/b/1"),
            (r#"{"a/b":"6011000990139424"}"#, "/a~1b"),
            (r#"{"payment":{"token":"tok_1","card":{"number":"4000056655665556"}}}"#, "/payment/card/number"),
            (r#"{"4242424242424242":1}"#, ""),
            (r#"{"a":"\u0034242424242424242"}"#, "/a"),
        ] {
            assert_eq!(finding(body).as_deref(), Some(pointer), "{body}");
        }
    }

    #[test]
    fn security_codes_are_found_by_their_name() {
        for name in [
            "cvv",
            "CVC",
            "cvv2",
            "cvc_2",
            "card_cvc",
            "cardVerificationValue",
            "card_verification_code",
            "securityCode",
            "card-security-code",
        ] {
            assert_eq!(finding(&format!(r#"{{"card":{{"{name}":null}}}}"#)), Some(format!("/card/{name}")));
        }
    }

    #[test]
    fn other_digits_are_left_alone() {
        for body in [
            r#"{"a":"4242424242424241"}"#,
            r#"{"a":"424242424242"}"#,
            r#"{"a":"42424242424242424242"}"#,
            r#"{"a":"+4915112345678"}"#,
            r#"{"a":"x4242424242424242"}"#,
            r#"{"password":"4242424242424242","newPassword":"4242424242424242"}"#,
            r#"{"refreshToken":"4242424242424242","clientSecret":"4242424242424242"}"#,
            r#"{"orderNumber":"ORD-20260101-AB3DE","verificationCode":"123456","conversion":1}"#,
        ] {
            assert_eq!(finding(body), None, "{body}");
        }
    }
}
