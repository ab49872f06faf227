//! Usernames: 3 to 30 letters, digits, dots, dashes and underscores.

use shared::validation::{Checked, FieldCode, Violation};

/// The rule for a field that holds one.
pub(crate) fn username_rule(text: &str) -> Checked {
    let is_valid = (3..=30).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
        && text.bytes().any(|byte| byte.is_ascii_alphabetic());
    if is_valid {
        Ok(())
    } else {
        let message = "must have 3 to 30 letters, digits, dots, dashes or underscores, and at least one letter";
        Err(Violation::new(FieldCode::Invalid, message))
    }
}

/// As stored and compared: in lower case.
pub(crate) fn canonical(text: &str) -> String {
    text.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usernames_are_plain() {
        for good in ["ada", "Ada.Lovelace-1815", "a_1"] {
            assert!(username_rule(good).is_ok(), "{good}");
        }
        for bad in ["", "ad", "123", "ada lovelace", "ada@example", "žofie", &"a".repeat(31)] {
            assert!(username_rule(bad).is_err(), "{bad}");
        }
        assert_eq!(canonical("Ada"), "ada");
    }
}
