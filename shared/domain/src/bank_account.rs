//! The bank account that buyers transfer to.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The shop's bank account: named by its IBAN, or by account and routing number where there are no IBANs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BankAccount {
    /// To whom the money is transferred.
    pub account_holder: String,
    /// ISO 13616.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iban: Option<Iban>,
    /// ISO 9362, for transfers from abroad.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bic: Option<String>,
    /// Where there is no IBAN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_number: Option<String>,
    /// The bank of the account number: routing number, sort code, bank code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routing_number: Option<String>,
    /// For display.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bank_name: Option<String>,
}

impl BankAccount {
    /// Whether it is named in exactly one way.
    ///
    /// # Errors
    /// With both an IBAN and an account number, or neither.
    pub fn check(&self) -> Result<(), BankAccountError> {
        if self.iban.is_some() == self.account_number.is_some() { Err(BankAccountError) } else { Ok(()) }
    }
}

/// A bank account that is not named in exactly one way.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("send either iban or accountNumber")]
pub struct BankAccountError;

/// An International Bank Account Number (ISO 13616), without spaces and in capital letters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Iban(String);

/// Not an IBAN.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("must be an IBAN; its check digits must match")]
pub struct InvalidIban;

impl Iban {
    /// Reads an IBAN as people write it, with spaces and in any case. Its check digits must match (ISO 7064, MOD 97-10).
    pub fn try_new(text: &str) -> Result<Self, InvalidIban> {
        let compact: String = text.chars().filter(|character| *character != ' ').collect();
        let compact = compact.to_ascii_uppercase();
        let bytes = compact.as_bytes();
        let has_form = (15..=34).contains(&bytes.len())
            && bytes.iter().all(u8::is_ascii_alphanumeric)
            && bytes[..2].iter().all(u8::is_ascii_uppercase)
            && bytes[2..4].iter().all(u8::is_ascii_digit);
        if has_form && remainder(bytes) == 1 { Ok(Self(compact)) } else { Err(InvalidIban) }
    }

    /// Without spaces.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Country and check digits go to the end, letters count from 10.
fn remainder(iban: &[u8]) -> u32 {
    iban[4..].iter().chain(&iban[..4]).fold(0, |remainder, byte| match byte {
        b'0'..=b'9' => (remainder * 10 + u32::from(byte - b'0')) % 97,
        letter => (remainder * 100 + u32::from(letter - b'A') + 10) % 97,
    })
}

/// In groups of four, as banks print it.
impl fmt::Display for Iban {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, character) in self.0.chars().enumerate() {
            if position > 0 && position % 4 == 0 {
                f.write_str(" ")?;
            }
            write!(f, "{character}")?;
        }
        Ok(())
    }
}

impl TryFrom<String> for Iban {
    type Error = InvalidIban;

    fn try_from(text: String) -> Result<Self, InvalidIban> {
        Self::try_new(&text)
    }
}

impl From<Iban> for String {
    fn from(iban: Iban) -> Self {
        iban.0
    }
}

/// Whether this is a BIC (ISO 9362): bank, country, location and perhaps a branch.
pub fn is_bic(text: &str) -> bool {
    matches!(text.len(), 8 | 11)
        && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        && text.as_bytes()[4..6].iter().all(u8::is_ascii_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_iban_is_known_by_its_check_digits() {
        for good in [
            "DE89 3704 0044 0532 0130 00",
            "gb82west12345698765432",
            "NO9386011117947",
            "MT84MALT011000012345MTLCAST001S",
        ] {
            assert!(Iban::try_new(good).is_ok(), "{good}");
        }
        let long = format!("DE89{}", "0".repeat(40));
        for bad in [
            "",
            "DE",
            "DE89",
            "DE88370400440532013000",
            "DE89370400440532013001",
            "8937040044053201300",
            &long,
            "DÉ89370400440532013000",
        ] {
            assert_eq!(Iban::try_new(bad), Err(InvalidIban), "{bad}");
        }
        assert_eq!(Iban::try_new("de89370400440532013000").unwrap().to_string(), "DE89 3704 0044 0532 0130 00");
    }

    #[test]
    fn an_account_is_named_by_iban_or_number() {
        let account = |iban: Option<&str>, number: Option<&str>| BankAccount {
            account_holder: "Shop".to_owned(),
            iban: iban.map(|iban| Iban::try_new(iban).unwrap()),
            bic: None,
            account_number: number.map(str::to_owned),
            routing_number: None,
            bank_name: None,
        };
        let iban = Some("DE89370400440532013000");
        assert_eq!(account(iban, None).check(), Ok(()));
        assert_eq!(account(None, Some("12345678")).check(), Ok(()));
        assert_eq!(account(None, None).check(), Err(BankAccountError));
        assert_eq!(account(iban, Some("12345678")).check(), Err(BankAccountError));
    }

    #[test]
    fn a_bic_has_eight_or_eleven_characters() {
        for (text, is_valid) in
            [("COBADEFF", true), ("COBADEFFXXX", true), ("COBADEFFX", false), ("cobadeff", false), ("COBA12FF", false)]
        {
            assert_eq!(is_bic(text), is_valid, "{text}");
        }
    }
}
