//! garde rules for text that people type, for `#[garde(custom(…))]`. Their messages name no value.

/// One line that says something: not blank, without control characters, at most `longest` characters.
pub fn line(longest: usize) -> impl FnOnce(&str, &()) -> garde::Result {
    move |text, ()| {
        if text.trim().is_empty() {
            return Err(garde::Error::new("must not be blank"));
        }
        optional_line(longest)(text, &())
    }
}

/// Like [`line()`], or nothing.
pub fn optional_line(longest: usize) -> impl FnOnce(&str, &()) -> garde::Result {
    move |text, ()| {
        if text.chars().any(char::is_control) {
            return Err(garde::Error::new("must be one line without control characters"));
        }
        no_longer_than(text, longest)
    }
}

/// The name of a person. Mails begin with it, so that it must not be a way to have us mail a stranger somebody's link.
pub fn person_name(text: &str, (): &()) -> garde::Result {
    if text.contains(['/', ':', '@', '<', '>']) {
        return Err(garde::Error::new("must be a name, without any of / : @ < >"));
    }
    line(100)(text, &())
}

/// Any number of lines, at most `longest` characters.
pub fn lines(longest: usize) -> impl FnOnce(&str, &()) -> garde::Result {
    move |text, ()| {
        if text.chars().any(|character| character.is_control() && !matches!(character, '\n' | '\r' | '\t')) {
            return Err(garde::Error::new("must not contain control characters"));
        }
        no_longer_than(text, longest)
    }
}

/// A telephone number as people write it, for a carrier to call.
pub fn telephone(text: &str, (): &()) -> garde::Result {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let is_plain = text.chars().all(|character| character.is_ascii_digit() || " +-()./".contains(character));
    if is_plain && (3..=15).contains(&digits) && text.len() <= 30 {
        Ok(())
    } else {
        Err(garde::Error::new("must be a telephone number of 3 to 15 digits"))
    }
}

/// A telephone number as machines write it (ITU-T E.164).
pub fn e164(text: &str, (): &()) -> garde::Result {
    let digits = text.strip_prefix('+').unwrap_or_default();
    let is_valid = (2..=15).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.starts_with('0');
    if is_valid { Ok(()) } else { Err(garde::Error::new("must be a telephone number like +12025550123 (E.164)")) }
}

/// The address of something on the web that is shown beside our own pages.
pub fn web_address(text: &str, (): &()) -> garde::Result {
    if !is_web_address(text, &["https://"]) {
        return Err(garde::Error::new("must be an address that begins with https://"));
    }
    no_longer_than(text, 2048)
}

/// The address of something on the web that is only followed, so that it need not be encrypted.
pub fn web_link(text: &str, (): &()) -> garde::Result {
    if !is_web_address(text, &["https://", "http://"]) {
        return Err(garde::Error::new("must be an address that begins with https:// or http://"));
    }
    no_longer_than(text, 2048)
}

fn is_web_address(text: &str, schemes: &[&str]) -> bool {
    let rest = schemes.iter().find_map(|scheme| text.strip_prefix(scheme));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    host.contains('.')
        && host.chars().all(|character| character.is_ascii_alphanumeric() || matches!(character, '.' | '-' | ':'))
        && text.chars().all(|character| character.is_ascii_graphic())
}

fn no_longer_than(text: &str, longest: usize) -> garde::Result {
    if text.chars().count() <= longest {
        Ok(())
    } else {
        // As garde's own rule says it, so that both become `too_long`.
        Err(garde::Error::new(format!("length is greater than {longest}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_something_on_one_line() {
        for good in ["Ada", " Ada Lovelace ", "Žluťoučký kůň", "O'Brien-Smith, Jr."] {
            assert!(line(50)(good, &()).is_ok(), "{good}");
        }
        for bad in ["", "  ", "\u{a0}", "a\nb", "a\0b", &"x".repeat(51)] {
            assert!(line(50)(bad, &()).is_err(), "{bad:?}");
        }
        assert!(optional_line(50)("", &()).is_ok());
        assert!(person_name("Žofie d'Arc-Smith Jr.", &()).is_ok());
        for bad in ["", "https://evil.test", "win@evil.test", "<b>Ada</b>"] {
            assert!(person_name(bad, &()).is_err(), "{bad}");
        }
        assert!(lines(50)("Dear shop,\r\n\tthank you", &()).is_ok());
        assert!(lines(50)("a\u{1b}[31mb", &()).is_err());
    }

    #[test]
    fn telephone_numbers() {
        for good in ["+1 (202) 555-0123", "0049/30.123456", "112"] {
            assert!(telephone(good, &()).is_ok(), "{good}");
        }
        for bad in ["", "12", "call me", "+1 202 555 0123 ext. 7", &"1".repeat(16)] {
            assert!(telephone(bad, &()).is_err(), "{bad}");
        }
        assert!(e164("+12025550123", &()).is_ok());
        for bad in ["", "+", "+1", "12025550123", "+0123456", "+1 202", "+1234567890123456"] {
            assert!(e164(bad, &()).is_err(), "{bad}");
        }
    }

    #[test]
    fn web_addresses_are_https() {
        assert!(web_address("https://cdn.example.test/a/b.png?c=d#e", &()).is_ok());
        for bad in [
            "",
            "http://x.test",
            "javascript:alert(1)",
            "https://",
            "https://x",
            "https://u@x.test/",
            "https://x.test/ y",
        ] {
            assert!(web_address(bad, &()).is_err(), "{bad}");
            assert_eq!(web_link(bad, &()).is_ok(), bad == "http://x.test", "{bad}");
        }
        assert!(web_link("https://track.example.test/1?lang=en", &()).is_ok());
    }
}
