//! Names in addresses.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// A URL-friendly name: lower-case letters, digits and single dashes, 1–120 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, example = "blue-mug")]
pub struct Slug(String);

/// The text is not a slug.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("a slug has 1–120 characters: lower-case letters, digits and single dashes between them")]
pub struct InvalidSlug;

const LONGEST: usize = 120;

impl Slug {
    /// Checks the text.
    pub fn try_new(text: impl Into<String>) -> Result<Self, InvalidSlug> {
        let text = text.into();
        let is_valid = (1..=LONGEST).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !text.starts_with('-')
            && !text.ends_with('-')
            && !text.contains("--")
            // Twenty-four hex digits are an id: such a slug could never be looked up.
            && text.parse::<super::Id<()>>().is_err();
        if is_valid { Ok(Self(text)) } else { Err(InvalidSlug) }
    }

    /// A slug made of what a name spells: `Crème brûlée, 2 pcs` → `creme-brulee-2-pcs`; `item` if it spells nothing.
    pub fn from_name(name: &str) -> Self {
        let mut slug = String::new();
        for c in name.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
            if slug.len() >= LONGEST {
                break;
            }
            if c.is_ascii_alphanumeric() {
                slug.push(c);
            } else if !slug.is_empty() && !slug.ends_with('-') && !matches!(c, '\'' | '’') {
                slug.push('-');
            }
        }
        let slug = slug.trim_end_matches('-');
        Self::try_new(slug).unwrap_or_else(|_| Self("item".to_owned()).with_suffix(slug))
    }

    /// This slug with `-suffix` behind it, shortened where it must be.
    #[must_use]
    pub fn with_suffix(&self, suffix: &str) -> Self {
        if suffix.is_empty() {
            return self.clone();
        }
        let room = LONGEST.saturating_sub(suffix.len() + 1).min(self.0.len());
        Self(format!("{}-{suffix}", self.0[..room].trim_end_matches('-')))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl TryFrom<String> for Slug {
    type Error = InvalidSlug;

    fn try_from(text: String) -> Result<Self, InvalidSlug> {
        Self::try_new(text)
    }
}
impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0
    }
}
impl From<&Slug> for bson::Bson {
    fn from(slug: &Slug) -> Self {
        Self::String(slug.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_spells_its_slug() {
        for (name, slug) in [
            ("Crème brûlée, 2 pcs", "creme-brulee-2-pcs"),
            ("  Ada's  Mug! ", "adas-mug"),
            ("🦀", "item"),
            ("507f1f77bcf86cd799439011", "item-507f1f77bcf86cd799439011"),
        ] {
            assert_eq!(Slug::from_name(name).as_str(), slug);
        }
        assert!(Slug::try_new(Slug::from_name(&"long ".repeat(100)).as_str()).is_ok());
    }

    #[test]
    fn an_invalid_slug_is_refused() {
        for text in ["", "-a", "a-", "a--b", "A", "a b", "507f1f77bcf86cd799439011"] {
            assert_eq!(Slug::try_new(text), Err(InvalidSlug), "{text}");
        }
    }
}
