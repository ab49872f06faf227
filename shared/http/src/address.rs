//! A postal address as a request writes it.

use garde::Validate;
use serde::{Deserialize, Serialize};

use super::rules::{line, optional_line, telephone};
use shop_domain::{Address, address};

/// Where a parcel or an invoice goes.
#[derive(Clone, Deserialize, Serialize, Validate, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = AddressInput)]
pub struct AddressBody {
    /// Who receives it.
    #[garde(custom(line(100)))]
    #[schema(example = "Ada Lovelace")]
    pub full_name: String,
    /// The company, if any.
    #[garde(inner(custom(optional_line(100))))]
    pub company: Option<String>,
    /// Street and number.
    #[garde(custom(line(200)))]
    #[schema(example = "12 St James's Square")]
    pub address_line1: String,
    /// Apartment, suite, floor.
    #[garde(inner(custom(optional_line(200))))]
    pub address_line2: Option<String>,
    /// City.
    #[garde(custom(line(100)))]
    #[schema(example = "London")]
    pub city: String,
    /// State or province; empty or absent where there is none.
    #[garde(custom(optional_line(100)))]
    #[serde(default)]
    pub state: String,
    /// Postal code; empty where there is none.
    #[garde(custom(optional_line(20)))]
    #[schema(example = "SW1Y 4JH")]
    pub postal_code: String,
    /// ISO 3166-1 alpha-2, capital letters.
    #[garde(custom(country_code))]
    #[schema(example = "GB")]
    pub country: String,
    /// For the carrier.
    #[garde(custom(telephone))]
    #[schema(example = "+442072345678")]
    pub phone: String,
}

impl std::fmt::Debug for AddressBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AddressBody(…)")
    }
}

/// Checks that there is a country with this ISO 3166-1 alpha-2 code, for `garde`.
pub fn country_code(code: &str, (): &()) -> garde::Result {
    if address::is_country(code) {
        Ok(())
    } else {
        Err(garde::Error::new("must be a country's two capital letters (ISO 3166-1), such as US"))
    }
}

impl From<AddressBody> for Address {
    fn from(body: AddressBody) -> Self {
        Self {
            full_name: trimmed(&body.full_name),
            company: body.company.as_deref().and_then(said),
            address_line1: trimmed(&body.address_line1),
            address_line2: body.address_line2.as_deref().and_then(said),
            city: trimmed(&body.city),
            state: trimmed(&body.state),
            postal_code: trimmed(&body.postal_code),
            country: body.country,
            phone: trimmed(&body.phone),
        }
    }
}

fn trimmed(text: &str) -> String {
    text.trim().to_owned()
}

/// What a form sends for what nobody filled in counts as absent.
fn said(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ProblemCode, body};

    const GOOD: &str = r#"{"fullName":" Ada Lovelace ","company":"","addressLine1":"12 St James's Square",
        "city":"London","state":"","postalCode":"SW1Y 4JH","country":"GB","phone":"+44 20 7234 5678"}"#;

    fn read(json: &str) -> Result<AddressBody, (ProblemCode, String)> {
        let pointer = |problem: &crate::Problem| problem.errors().first().map(|error| error.pointer.clone());
        body::parse(json.as_bytes(), body::Cards::Refused)
            .map_err(|problem| (problem.code(), pointer(&problem).unwrap_or_default()))
    }

    #[test]
    fn an_address_is_trimmed_and_blank_fields_are_absent() {
        let address = Address::from(read(GOOD).unwrap());
        assert_eq!((address.full_name.as_str(), address.company, address.state.as_str()), ("Ada Lovelace", None, ""));
    }

    #[test]
    fn an_undeliverable_address_is_refused() {
        for (from, to, pointer) in [
            (" Ada Lovelace ", "  ", "/fullName"),
            ("London", "Lon\\ndon", "/city"),
            ("GB", "gb", "/country"),
            ("GB", "XX", "/country"),
            ("+44 20 7234 5678", "none", "/phone"),
            ("SW1Y 4JH", "123456789012345678901", "/postalCode"),
        ] {
            let refusal = read(&GOOD.replace(from, to)).unwrap_err();
            assert_eq!(refusal, (ProblemCode::ValidationFailed, pointer.to_owned()));
        }
    }
}
