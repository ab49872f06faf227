//! The rules for text that people type. Requests, import files and domain types share them; no message quotes a value.

/// Why a text is refused.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum TextError {
    /// Empty, or nothing but white space.
    #[error("must not be blank")]
    Blank,
    /// Fewer characters than the field needs.
    #[error("must {}", if *min == 1 { "not be empty".to_owned() } else { format!("have at least {min} characters") })]
    TooShort {
        /// The least that the field takes.
        min: usize,
    },
    /// More characters than the field takes.
    #[error("must have at most {max} characters")]
    TooLong {
        /// The most that the field takes.
        max: usize,
    },
    /// A line break or another control character in a field of one line.
    #[error("must be one line without control characters")]
    NotOneLine,
    /// A control character that is neither line break nor tab.
    #[error("must not contain control characters")]
    ControlCharacter,
    /// Characters of links and markup in the name of a person.
    #[error("must be a name, without any of / : @ < >")]
    NotAName,
    /// Not a telephone number as people write it.
    #[error("must be a telephone number of 3 to 15 digits")]
    NotATelephoneNumber,
    /// Not a telephone number in the form of ITU-T E.164.
    #[error("must be a telephone number like +12025550123 (E.164)")]
    NotE164,
    /// Not an `https` URL.
    #[error("must be an address that begins with https://")]
    NotHttps,
    /// Neither an `https` nor an `http` URL.
    #[error("must be an address that begins with https:// or http://")]
    NotAUrl,
}

/// The longest URL that is stored.
const LONGEST_URL: usize = 2048;

/// One line that is not blank, of at most `max` characters.
pub fn line(text: &str, max: usize) -> Result<(), TextError> {
    not_blank(text)?;
    optional_line(text, max)
}

/// One line of at most `max` characters, which may be blank.
pub fn optional_line(text: &str, max: usize) -> Result<(), TextError> {
    if text.contains(char::is_control) {
        return Err(TextError::NotOneLine);
    }
    at_most(text, max)
}

/// Any number of lines that are not all blank, of at most `max` characters together.
pub fn lines(text: &str, max: usize) -> Result<(), TextError> {
    not_blank(text)?;
    optional_lines(text, max)
}

/// Any number of lines of at most `max` characters together, which may be blank.
pub fn optional_lines(text: &str, max: usize) -> Result<(), TextError> {
    if text.contains(|character: char| character.is_control() && !matches!(character, '\n' | '\r' | '\t')) {
        return Err(TextError::ControlCharacter);
    }
    at_most(text, max)
}

/// The name of a person. Mails begin with it, so it must not carry a link to a mailbox that did not ask for one.
pub fn person_name(text: &str) -> Result<(), TextError> {
    if text.contains(['/', ':', '@', '<', '>']) {
        return Err(TextError::NotAName);
    }
    line(text, 100)
}

/// At least `min` characters.
pub fn at_least(text: &str, min: usize) -> Result<(), TextError> {
    if text.chars().count() >= min { Ok(()) } else { Err(TextError::TooShort { min }) }
}

/// At most `max` characters.
pub fn at_most(text: &str, max: usize) -> Result<(), TextError> {
    if text.chars().count() <= max { Ok(()) } else { Err(TextError::TooLong { max }) }
}

/// A telephone number as people write it, for a carrier to call.
pub fn telephone(text: &str) -> Result<(), TextError> {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let is_plain = text.chars().all(|character| character.is_ascii_digit() || " +-()./".contains(character));
    if is_plain && (3..=15).contains(&digits) && text.len() <= 30 {
        Ok(())
    } else {
        Err(TextError::NotATelephoneNumber)
    }
}

/// A telephone number as machines write it (ITU-T E.164).
pub fn e164(text: &str) -> Result<(), TextError> {
    let digits = text.strip_prefix('+').unwrap_or_default();
    let is_valid = (2..=15).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.starts_with('0');
    if is_valid { Ok(()) } else { Err(TextError::NotE164) }
}

/// The URL of something that is shown within the shop's own pages, so it must be encrypted.
pub fn https_url(text: &str) -> Result<(), TextError> {
    if !is_url(text, &["https://"]) {
        return Err(TextError::NotHttps);
    }
    at_most(text, LONGEST_URL)
}

/// The URL of something that is only linked to, so it need not be encrypted.
pub fn url(text: &str) -> Result<(), TextError> {
    if !is_url(text, &["https://", "http://"]) {
        return Err(TextError::NotAUrl);
    }
    at_most(text, LONGEST_URL)
}

fn not_blank(text: &str) -> Result<(), TextError> {
    if text.trim().is_empty() { Err(TextError::Blank) } else { Ok(()) }
}

fn is_url(text: &str, schemes: &[&str]) -> bool {
    let rest = schemes.iter().find_map(|scheme| text.strip_prefix(scheme));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    // `localhost` is where a shop under development serves its pictures.
    (host.contains('.') || host.split(':').next() == Some("localhost"))
        && host.chars().all(|character| character.is_ascii_alphanumeric() || matches!(character, '.' | '-' | ':'))
        && text.chars().all(|character| character.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_not_blank_and_has_no_line_breaks() {
        for good in ["Ada", " Ada Lovelace ", "Žluťoučký kůň", "O'Brien-Smith, Jr."] {
            assert_eq!(line(good, 50), Ok(()), "{good}");
        }
        for blank in ["", "  ", "\u{a0}"] {
            assert_eq!(line(blank, 50), Err(TextError::Blank), "{blank:?}");
        }
        for broken in ["a\nb", "a\0b", "a\u{7f}b"] {
            assert_eq!(line(broken, 50), Err(TextError::NotOneLine), "{broken:?}");
        }
        assert_eq!(line(&"é".repeat(50), 50), Ok(()));
        assert_eq!(line(&"é".repeat(51), 50), Err(TextError::TooLong { max: 50 }));
        assert_eq!((optional_line("", 50), optional_line(" ", 50)), (Ok(()), Ok(())));
        assert_eq!(optional_line("a\nb", 50), Err(TextError::NotOneLine));
    }

    #[test]
    fn lines_have_line_breaks_and_tabs_but_no_other_control_characters() {
        for check in [lines, optional_lines] {
            assert_eq!(check("Dear shop,\r\n\tthank you", 50), Ok(()));
            assert_eq!(check("a\u{1b}[31mb", 50), Err(TextError::ControlCharacter));
            assert_eq!(check(&"x".repeat(51), 50), Err(TextError::TooLong { max: 50 }));
        }
        assert_eq!((lines(" \n", 50), optional_lines(" \n", 50)), (Err(TextError::Blank), Ok(())));
    }

    #[test]
    fn a_persons_name_carries_no_link() {
        assert_eq!(person_name("Žofie d'Arc-Smith Jr."), Ok(()));
        assert_eq!(person_name(" "), Err(TextError::Blank));
        for bad in ["https://evil.test", "win@evil.test", "<b>Ada</b>"] {
            assert_eq!(person_name(bad), Err(TextError::NotAName), "{bad}");
        }
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert_eq!((at_least("éé", 2), at_least("éé", 3)), (Ok(()), Err(TextError::TooShort { min: 3 })));
        assert_eq!((at_most("éé", 2), at_most("éé", 1)), (Ok(()), Err(TextError::TooLong { max: 1 })));
    }

    #[test]
    fn telephone_numbers() {
        for good in ["+1 (202) 555-0123", "0049/30.123456", "112"] {
            assert_eq!(telephone(good), Ok(()), "{good}");
        }
        for bad in ["", "12", "call me", "+1 202 555 0123 ext. 7", &"1".repeat(16)] {
            assert_eq!(telephone(bad), Err(TextError::NotATelephoneNumber), "{bad}");
        }
        assert_eq!(e164("+12025550123"), Ok(()));
        for bad in ["", "+", "+1", "12025550123", "+0123456", "+1 202", "+1234567890123456"] {
            assert_eq!(e164(bad), Err(TextError::NotE164), "{bad}");
        }
    }

    #[test]
    fn what_is_shown_in_our_pages_is_https() {
        assert_eq!(https_url("https://cdn.example.test/a/b.png?c=d#e"), Ok(()));
        for bad in [
            "",
            "http://x.test",
            "javascript:alert(1)",
            "https://",
            "https://x",
            "https://u@x.test/",
            "https://x.test/ y",
            "https://x.test/\u{202e}",
        ] {
            assert_eq!(https_url(bad), Err(TextError::NotHttps), "{bad}");
            assert_eq!(url(bad).is_ok(), bad == "http://x.test", "{bad}");
        }
        for good in ["https://track.example.test/1?lang=en", "http://localhost:8080/pictures/mug.webp"] {
            assert_eq!(url(good), Ok(()), "{good}");
        }
        assert_eq!(url(&format!("https://x.test/{}", "x".repeat(2048))), Err(TextError::TooLong { max: 2048 }));
    }
}
