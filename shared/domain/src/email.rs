//! E-mail addresses.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A syntactically valid e-mail address in lower case. Hides itself in logs.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, format = Email, example = "ada@example.test")]
pub struct Email(String);

/// The text is not an e-mail address.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("an e-mail address looks like ada@example.test")]
pub struct InvalidEmail;

impl Email {
    /// The address in lower case: one mailbox, one account.
    ///
    /// # Errors
    /// If the text is not `local@domain.tld` within the lengths of RFC 5321.
    pub fn try_new(text: &str) -> Result<Self, InvalidEmail> {
        let text = text.trim().to_lowercase();
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidEmail)?;
        let local_is_valid = !local.is_empty()
            && local.len() <= 64
            && local.chars().all(|c| c.is_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(c))
            && !local.starts_with('.')
            && !local.ends_with('.')
            && !local.contains("..");
        let label_is_valid = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let domain_is_valid = domain.len() <= 253 && domain.contains('.') && domain.split('.').all(label_is_valid);
        if local_is_valid && domain_is_valid { Ok(Self(text)) } else { Err(InvalidEmail) }
    }

    /// The address itself, for the database and the mail server.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}
impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(e-mail address)")
    }
}
impl TryFrom<String> for Email {
    type Error = InvalidEmail;

    fn try_from(text: String) -> Result<Self, InvalidEmail> {
        Self::try_new(&text)
    }
}
impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0
    }
}
impl From<&Email> for bson::Bson {
    fn from(email: &Email) -> Self {
        Self::String(email.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_surrounding_space_do_not_make_another_mailbox() {
        assert_eq!(Email::try_new(" Ada@Example.TEST ").unwrap(), Email::try_new("ada@example.test").unwrap());
    }

    #[test]
    fn an_invalid_address_is_refused() {
        for text in [
            "",
            "ada",
            "ada@",
            "@example.test",
            "ada@example",
            "a b@example.test",
            "ada@-x.test",
            "ada@x..test",
            "a..b@x.test",
        ] {
            assert_eq!(Email::try_new(text), Err(InvalidEmail), "{text}");
        }
    }

    #[test]
    fn an_address_hides_itself_in_logs() {
        let email = Email::try_new("ada@example.test").unwrap();
        assert!(!format!("{email} {email:?}").contains("ada"));
    }
}
