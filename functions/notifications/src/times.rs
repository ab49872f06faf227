//! Points in time as people read them.

use shared::domain::Timestamp;

/// A language that dates are written in. The texts themselves are English.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    German,
    French,
    Spanish,
}

impl Language {
    /// The language of a tag (BCP 47), such as `de-AT`; English if it is none of these.
    pub(crate) fn of(tag: &str) -> Self {
        match tag.split('-').next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "de" => Self::German,
            "fr" => Self::French,
            "es" => Self::Spanish,
            _ => Self::English,
        }
    }

    const fn months(self) -> [&'static str; 12] {
        match self {
            Self::English => [
                "January",
                "February",
                "March",
                "April",
                "May",
                "June",
                "July",
                "August",
                "September",
                "October",
                "November",
                "December",
            ],
            Self::German => [
                "Januar",
                "Februar",
                "März",
                "April",
                "Mai",
                "Juni",
                "Juli",
                "August",
                "September",
                "Oktober",
                "November",
                "Dezember",
            ],
            Self::French => [
                "janvier",
                "février",
                "mars",
                "avril",
                "mai",
                "juin",
                "juillet",
                "août",
                "septembre",
                "octobre",
                "novembre",
                "décembre",
            ],
            Self::Spanish => [
                "enero",
                "febrero",
                "marzo",
                "abril",
                "mayo",
                "junio",
                "julio",
                "agosto",
                "septiembre",
                "octubre",
                "noviembre",
                "diciembre",
            ],
        }
    }
}

/// Date, time of day and zone: `27 November 2026, 22:39 UTC`.
pub(crate) fn readable(at: Timestamp, language: Language) -> String {
    let at = at.utc();
    let month = language.months().get(usize::from(at.month).saturating_sub(1)).copied().unwrap_or_default();
    let date = match language {
        Language::English => format!("{} {month} {}", at.day, at.year),
        Language::German => format!("{}. {month} {}", at.day, at.year),
        Language::French => {
            format!("{} {month} {}", if at.day == 1 { "1er".to_owned() } else { at.day.to_string() }, at.year)
        }
        Language::Spanish => format!("{} de {month} de {}", at.day, at.year),
    };
    format!("{date}, {:02}:{:02} UTC", at.hour, at.minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    // S3
    #[test]
    fn a_time_is_readable_with_its_zone_in_the_readers_language() {
        // 2026-11-27T22:39:34.613Z
        let at = Timestamp::from_millis(1_795_819_174_613);
        for (tag, expected) in [
            ("en", "27 November 2026, 22:39 UTC"),
            ("de-AT", "27. November 2026, 22:39 UTC"),
            ("FR", "27 novembre 2026, 22:39 UTC"),
            ("es", "27 de noviembre de 2026, 22:39 UTC"),
            ("pt-BR", "27 November 2026, 22:39 UTC"),
            ("", "27 November 2026, 22:39 UTC"),
        ] {
            assert_eq!(readable(at, Language::of(tag)), expected, "{tag}");
        }
        // 2027-03-01T00:05:00Z
        let at = Timestamp::from_millis(1_803_859_500_000);
        assert_eq!(readable(at, Language::German), "1. März 2027, 00:05 UTC");
        assert_eq!(readable(at, Language::French), "1er mars 2027, 00:05 UTC");
    }
}
