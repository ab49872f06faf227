//! The rules for fields. Those for text are the ones of [`shop_domain::text`].

use std::{fmt::Display, ops::RangeInclusive};

use super::{Checked, FieldCode, Violation};
use shop_domain::{Money, iso_3166, text};

/// One line that is not blank, of at most `max` characters.
pub fn line(max: usize) -> impl Fn(&str) -> Checked {
    move |value| Ok(text::line(value, max)?)
}

/// One line of at most `max` characters, which may be blank.
pub fn optional_line(max: usize) -> impl Fn(&str) -> Checked {
    move |value| Ok(text::optional_line(value, max)?)
}

/// Any number of lines that are not all blank, of at most `max` characters together.
pub fn lines(max: usize) -> impl Fn(&str) -> Checked {
    move |value| Ok(text::lines(value, max)?)
}

/// Any number of lines of at most `max` characters together, which may be blank.
pub fn optional_lines(max: usize) -> impl Fn(&str) -> Checked {
    move |value| Ok(text::optional_lines(value, max)?)
}

/// The name of a person.
pub fn person_name(value: &str) -> Checked {
    Ok(text::person_name(value)?)
}

/// Text of this length with any characters, for values that are only compared, such as tokens.
pub fn length(characters: RangeInclusive<usize>) -> impl Fn(&str) -> Checked {
    move |value| {
        text::at_least(value, *characters.start())?;
        Ok(text::at_most(value, *characters.end())?)
    }
}

/// Text of at least this number of characters.
pub fn at_least(characters: usize) -> impl Fn(&str) -> Checked {
    move |value| Ok(text::at_least(value, characters)?)
}

/// Text of ASCII characters only.
pub fn ascii(value: &str) -> Checked {
    if value.is_ascii() { Ok(()) } else { Err(Violation::new(FieldCode::Invalid, "must be ASCII")) }
}

/// A telephone number as people write it.
pub fn telephone(value: &str) -> Checked {
    Ok(text::telephone(value)?)
}

/// A telephone number as machines write it (ITU-T E.164).
pub fn e164(value: &str) -> Checked {
    Ok(text::e164(value)?)
}

/// The URL of content that the shop's pages embed.
pub fn https_url(value: &str) -> Checked {
    Ok(text::https_url(value)?)
}

/// The URL of a link.
pub fn url(value: &str) -> Checked {
    Ok(text::url(value)?)
}

/// A country as people write it: its code (ISO 3166-1), or a usual name.
pub fn country(value: &str) -> Checked {
    if iso_3166::find_country(value).is_some() {
        Ok(())
    } else {
        let message = "must be a country's two letters (ISO 3166-1), such as US";
        Err(Violation::new(FieldCode::Invalid, message))
    }
}

/// A subdivision of this country as people write it: its code (ISO 3166-2) or a usual name, or nothing.
pub fn subdivision_of(country: &str) -> impl Fn(&str) -> Checked {
    // An unknown country is pointed at by itself.
    let country = iso_3166::find_country(country);
    move |value| {
        let Some(country) = country else { return Ok(()) };
        if iso_3166::normalise_subdivision(country, value).is_ok() {
            return Ok(());
        }
        let codes: Vec<&str> = iso_3166::subdivision_codes(country).collect();
        let message = format!("must be empty or a subdivision of {country} (ISO 3166-2): {}", codes.join(", "));
        Err(Violation::new(FieldCode::UnknownValue, message))
    }
}

/// A list with this number of entries.
pub fn entries<E>(count: RangeInclusive<usize>) -> impl Fn(&[E]) -> Checked {
    move |list| {
        let (min, max) = (count.start(), count.end());
        if list.len() < *min {
            let message =
                if *min == 1 { "must not be empty".to_owned() } else { format!("must have at least {min} entries") };
            Err(Violation::new(FieldCode::TooShort, message))
        } else if list.len() > *max {
            Err(Violation::new(FieldCode::TooLong, format!("must have at most {max} entries")))
        } else {
            Ok(())
        }
    }
}

/// A number within these bounds.
pub fn range<N: PartialOrd + Display>(bounds: RangeInclusive<N>) -> impl Fn(&N) -> Checked {
    move |number| {
        if bounds.contains(number) {
            return Ok(());
        }
        let message = format!("must be from {} to {}", bounds.start(), bounds.end());
        Err(Violation::new(FieldCode::OutOfRange, message))
    }
}

/// An amount that may be zero, but not negative.
pub fn not_negative(amount: &Money) -> Checked {
    if *amount >= Money::ZERO { Ok(()) } else { Err(Violation::new(FieldCode::OutOfRange, "must not be negative")) }
}

/// An amount of more than zero.
pub fn positive(amount: &Money) -> Checked {
    if *amount > Money::ZERO { Ok(()) } else { Err(Violation::new(FieldCode::OutOfRange, "must be more than 0")) }
}

/// An amount that is not negative, of at most `max`.
pub fn amount(max: Money) -> impl Fn(&Money) -> Checked {
    move |amount| range(0..=max.minor())(&amount.minor())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(checked: Checked) -> Option<FieldCode> {
        checked.err().map(|violation| violation.code)
    }

    #[test]
    fn a_rule_refuses_by_a_code() {
        assert_eq!(code(line(3)("")), Some(FieldCode::Blank));
        assert_eq!(code(line(3)("a\tb")), Some(FieldCode::Invalid));
        assert_eq!(code(lines(3)("abcd")), Some(FieldCode::TooLong));
        assert_eq!(code(length(1..=2)("")), Some(FieldCode::TooShort));
        assert_eq!(code(length(1..=2)("éé")), None);
        assert_eq!(code(ascii("é")), Some(FieldCode::Invalid));
        assert_eq!(
            (code(country("US")), code(country("USA")), code(country("XX"))),
            (None, None, Some(FieldCode::Invalid))
        );
        assert_eq!(code(subdivision_of("US")("Calif.")), None);
        assert_eq!(code(subdivision_of("US")("Narnia")), Some(FieldCode::UnknownValue));
        assert_eq!(code(subdivision_of("XX")("Narnia")), None);
    }

    #[test]
    fn bounds_are_inclusive_and_named() {
        assert_eq!((code(range(1..=5)(&1)), code(range(1..=5)(&5))), (None, None));
        for number in [0, 6] {
            let violation = range(1..=5)(&number).unwrap_err();
            assert_eq!(violation, Violation::new(FieldCode::OutOfRange, "must be from 1 to 5"));
        }
        assert_eq!(code(range(0.0..=5.0)(&f64::NAN)), Some(FieldCode::OutOfRange));
        let most = Money::from_minor(500);
        assert_eq!((code(amount(most)(&Money::ZERO)), code(amount(most)(&most))), (None, None));
        assert_eq!((code(not_negative(&Money::ZERO)), code(positive(&most))), (None, None));
        let minus_one = Money::from_minor(-1);
        assert_eq!(code(not_negative(&minus_one)), Some(FieldCode::OutOfRange));
        assert_eq!(code(positive(&Money::ZERO)), Some(FieldCode::OutOfRange));
        for minor in [-1, 501] {
            assert_eq!(code(amount(most)(&Money::from_minor(minor))), Some(FieldCode::OutOfRange), "{minor}");
        }
    }

    #[test]
    fn entries_are_counted() {
        assert_eq!(code(entries(1..=2)(&[1, 2])), None);
        assert_eq!(code(entries::<u8>(1..=2)(&[])), Some(FieldCode::TooShort));
        assert_eq!(code(entries(0..=2)(&[1, 2, 3])), Some(FieldCode::TooLong));
    }
}
