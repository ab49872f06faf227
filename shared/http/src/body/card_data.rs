//! Refuses documents with card data before anything of them is stored. (PCI DSS 3.3: a security code must not be
//! stored, not even in a log.)

use serde_json::Value;

use super::card_number;
use crate::problem::{FieldCode, Problem, ProblemCode};
use shop_validation::push_segment;

/// Fields whose values have a grammar of their own and as many digits as a card: they are not searched
/// (docs/adr/0004-identifiers-are-not-searched.md).
const IDENTIFIERS: [&str; 18] = [
    "sku",
    "variant",
    "code",
    "couponcode",
    "phone",
    "phonenumber",
    "trackingnumber",
    "email",
    "url",
    "trackingurl",
    "image",
    "images",
    "icon",
    "avatar",
    "iban",
    "accountnumber",
    "routingnumber",
    "key",
];

/// Objects whose names are a seller's words, not those of fields.
const MAPS: [&str; 2] = ["specifications", "choices"];

/// The words of sellers for barcodes.
const BARCODES: [&str; 5] = ["ean", "gtin", "upc", "isbn", "barcode"];

/// Refuses a document with a value that looks like card data.
///
/// # Errors
/// `raw_card_data_refused`, with a pointer to the value.
pub(super) fn refuse(document: &Value) -> Result<(), Problem> {
    search(document, &mut String::new(), Names::OfFields, false)
}

/// Refuses a card number in place of a payment token. The search of a body exempts fields for tokens, but a gateway's
/// token never consists of digits only.
///
/// # Errors
/// `raw_card_data_refused`, with a pointer to the value.
pub fn refuse_card_number(pointer: &str, token: &str) -> Result<(), Problem> {
    if card_number::is_whole(token) { Err(card_data(pointer)) } else { Ok(()) }
}

fn card_data(pointer: &str) -> Problem {
    Problem::new(ProblemCode::RawCardDataRefused).field(
        pointer,
        FieldCode::RawCardData,
        "looks like card data: send it to the payment gateway only",
    )
}

/// What the names of an object are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    OfFields,
    Words,
}

/// Searches a value recursively. `is_exempt`: it may contain any digits, as identifiers, passwords and tokens may.
fn search(value: &Value, pointer: &mut String, names: Names, is_exempt: bool) -> Result<(), Problem> {
    let here = pointer.len();
    match value {
        Value::String(text) if !is_exempt && card_number::is_in(text) => return Err(card_data(pointer)),
        Value::Number(number) if !is_exempt => {
            let digits = match (number.as_u64(), number.as_f64()) {
                (Some(whole), _) => whole.to_string(),
                // `4242424242424242.0` is parsed as a float.
                (None, Some(fraction)) if number.is_f64() => fraction.round().to_string(),
                (None, _) => String::new(),
            };
            if card_number::is_in(&digits) {
                return Err(card_data(pointer));
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                push_segment(pointer, &index.to_string());
                search(item, pointer, Names::OfFields, is_exempt)?;
                pointer.truncate(here);
            }
        }
        Value::Object(fields) => {
            for (name, value) in fields {
                // The pointer is part of the answer and of the log, so it must not contain a name that is a card
                // number.
                if card_number::is_in(name) {
                    return Err(card_data(pointer));
                }
                push_segment(pointer, name);
                if names == Names::OfFields && is_card_data_name(name) {
                    return Err(card_data(pointer));
                }
                let inner = if MAPS.contains(&name.as_str()) { Names::Words } else { Names::OfFields };
                let is_exempt = match names {
                    Names::OfFields => IDENTIFIERS.contains(&plain(name).as_str()) || is_secret_name(name),
                    Names::Words => BARCODES.contains(&plain(name).as_str()),
                };
                search(value, pointer, inner, is_exempt)?;
                pointer.truncate(here);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    Ok(())
}

/// The name in lower case without what separates its words.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

/// Whether a field is named like a card number or a security code.
fn is_card_data_name(name: &str) -> bool {
    is_card_number_name(&plain(name)) || is_security_code_name(name)
}

fn is_card_number_name(plain: &str) -> bool {
    let plain = plain.strip_prefix("credit").or_else(|| plain.strip_prefix("debit")).unwrap_or(plain);
    matches!(plain, "cardnumber" | "cardno" | "cardnum" | "ccnumber" | "ccnum" | "primaryaccountnumber" | "pan")
}

fn is_security_code_name(name: &str) -> bool {
    let plain = plain(name);
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
            (r#"{"a":"my card 4242 4242 4242 4242"}"#, "/a"),
            (r#"{"specifications":{"Note":"4242424242424242"}}"#, "/specifications/Note"),
            (r#"{"specifications":{"code":"4242424242424242"}}"#, "/specifications/code"),
            (r#"{"images":[{"alt":"4242424242424242"}]}"#, "/images/0/alt"),
            (r#"{"payment":{"token":"tok_1","card":{"number":"4000056655665556"}}}"#, "/payment/card/number"),
            (r#"{"4242424242424242":1}"#, ""),
            (r#"{"a":"\u0034242424242424242"}"#, "/a"),
        ] {
            assert_eq!(finding(body).as_deref(), Some(pointer), "{body}");
        }
    }

    #[test]
    fn card_numbers_and_security_codes_are_found_by_their_name() {
        for name in [
            "cardNumber",
            "card_number",
            "creditCardNumber",
            "pan",
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
            // A18: a telephone number, and a SKU that is a barcode.
            r#"{"phone":"00491760110008","note":"call 00491760110008"}"#,
            r#"{"sku":"4006381330060","variant":"4006381330060","specifications":{"EAN":"4006381330060"}}"#,
            r#"{"trackingNumber":"4242424242424242","trackingUrl":"https://dhl.example.test/4242424242424242"}"#,
            r#"{"specifications":{"Security code":"none","PAN":"cast iron"}}"#,
        ] {
            assert_eq!(finding(body), None, "{body}");
        }
    }
}
