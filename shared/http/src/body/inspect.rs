//! A first walk over a document, before anything of it is kept: is it JSON, does each name occur once, and does it
//! hold card data? (PCI DSS 3.3: a security code must not be stored, not even in a log.)

use std::{collections::HashSet, fmt};

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};

use super::shape::push_segment;
use crate::problem::{Problem, ProblemCode};

/// What to do about values that look like card data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cards {
    /// Refuse the document.
    Refused,
    /// Take no notice.
    Ignored,
}

/// Why the walk stopped, and where.
struct Stop {
    reason: Reason,
    pointer: String,
}

enum Reason {
    CardData,
    DuplicateName,
    NoObject,
}

/// Checks that `bytes` is one JSON object without duplicate names and, where asked, without card data.
pub(super) fn inspect(bytes: &[u8], cards: Cards) -> Result<(), Problem> {
    let mut walk = Walk { cards, stop: None, pointer: String::new(), exempt: false, root: true };
    let mut document = serde_json::Deserializer::from_slice(bytes);
    let walked = walk.deserialize(&mut document).and_then(|()| document.end());
    match (walk.stop, walked) {
        (Some(Stop { reason, pointer }), _) => Err(match reason {
            Reason::CardData => card_data(pointer),
            Reason::DuplicateName => Problem::new(ProblemCode::MalformedJson)
                .detail("A name occurs twice in one object.")
                .field(pointer, "duplicate_name", "occurs twice"),
            Reason::NoObject => {
                Problem::new(ProblemCode::InvalidBody).field(pointer, "wrong_type", "must be an object")
            }
        }),
        (None, Err(error)) => Err(Problem::new(ProblemCode::MalformedJson).detail(format!(
            "The body stops being JSON at line {}, column {}.",
            error.line(),
            error.column()
        ))),
        (None, Ok(())) => Ok(()),
    }
}

fn card_data(pointer: impl Into<String>) -> Problem {
    Problem::new(ProblemCode::RawCardDataRefused).field(
        pointer,
        "raw_card_data",
        "looks like card data, which belongs to the payment gateway only",
    )
}

/// Refuses a card number in the place of a payment token. The walk over a body lets tokens pass, whatever their digits; a
/// gateway's token is never digits alone, and this one would be kept.
///
/// # Errors
/// `raw_card_data_refused`, pointing there.
pub fn refuse_card_number(pointer: &str, token: &str) -> Result<(), Problem> {
    if is_card_number(token) { Err(card_data(pointer)) } else { Ok(()) }
}

struct Walk {
    cards: Cards,
    stop: Option<Stop>,
    pointer: String,
    /// Whether the field at hand may hold any digits: passwords and tokens are nobody's card.
    exempt: bool,
    root: bool,
}

impl Walk {
    fn stop<E: serde::de::Error>(&mut self, reason: Reason) -> E {
        self.stop = Some(Stop { reason, pointer: self.pointer.clone() });
        E::custom("stopped")
    }

    fn scalar<E: serde::de::Error>(&mut self, text: impl AsRef<str>) -> Result<(), E> {
        if self.root {
            return Err(self.stop(Reason::NoObject));
        }
        if self.cards == Cards::Refused && !self.exempt && is_card_number(text.as_ref()) {
            return Err(self.stop(Reason::CardData));
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for &mut Walk {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Walk {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<(), E> {
        self.scalar("")
    }
    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        self.scalar("")
    }
    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<(), E> {
        // Negative numbers only: the others come as `u64`.
        self.scalar("")
    }
    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<(), E> {
        self.scalar(number.to_string())
    }
    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<(), E> {
        // `4242424242424242.0` may come in with a fraction: it has more digits than the type.
        self.scalar(number.round().to_string())
    }
    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<(), E> {
        self.scalar(text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        if self.root {
            return Err(self.stop(Reason::NoObject));
        }
        let here = self.pointer.len();
        for index in 0_usize.. {
            push_segment(&mut self.pointer, &index.to_string());
            if items.next_element_seed(&mut *self)?.is_none() {
                break;
            }
            self.pointer.truncate(here);
        }
        self.pointer.truncate(here);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        self.root = false;
        let here = self.pointer.len();
        let exempt = self.exempt;
        let mut names = HashSet::new();
        while let Some(name) = fields.next_key::<String>()? {
            // The pointer is shown and a name may be anything: one that is a card number is not spelled out.
            if self.cards == Cards::Refused && is_card_number(&name) {
                return Err(self.stop(Reason::CardData));
            }
            push_segment(&mut self.pointer, &name);
            if self.cards == Cards::Refused && is_security_code_name(&name) {
                return Err(self.stop(Reason::CardData));
            }
            self.exempt = is_secret_name(&name);
            if !names.insert(name) {
                return Err(self.stop(Reason::DuplicateName));
            }
            fields.next_value_seed(&mut *self)?;
            self.pointer.truncate(here);
            self.exempt = exempt;
        }
        Ok(())
    }
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
        .map(|(place, digit)| match (place % 2, digit * 2) {
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
        match inspect(body.as_bytes(), Cards::Refused) {
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

    #[test]
    fn a_catalogue_may_hold_barcodes() {
        assert!(inspect(br#"{"barcode":"4242424242424242"}"#, Cards::Ignored).is_ok());
    }
}
