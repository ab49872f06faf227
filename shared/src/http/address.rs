//! A postal address as a request writes it.

use garde::Validate;
use serde::{Deserialize, Serialize};

use crate::domain::Address;

/// Where a parcel or an invoice goes.
#[derive(Clone, Deserialize, Serialize, Validate, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = AddressInput)]
pub struct AddressBody {
    /// Who receives it.
    #[garde(length(chars, min = 1, max = 100))]
    full_name: String,
    #[garde(inner(length(chars, max = 100)))]
    company: Option<String>,
    /// Street and number.
    #[garde(length(chars, min = 1, max = 200))]
    address_line1: String,
    #[garde(inner(length(chars, max = 200)))]
    address_line2: Option<String>,
    #[garde(length(chars, min = 1, max = 100))]
    city: String,
    /// State or province; empty or absent where there is none.
    #[serde(default)]
    #[garde(length(chars, max = 100))]
    state: String,
    #[garde(length(chars, min = 1, max = 20))]
    postal_code: String,
    /// ISO 3166-1 alpha-2, capital letters.
    #[garde(custom(country_code))]
    country: String,
    /// For the carrier.
    #[garde(length(chars, min = 3, max = 30))]
    phone: String,
}

impl std::fmt::Debug for AddressBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AddressBody({}, …)", self.country)
    }
}

/// Checks an ISO 3166-1 alpha-2 code, for `garde`.
pub fn country_code(code: &str, (): &()) -> garde::Result {
    let is_code = code.len() == 2 && code.bytes().all(|letter| letter.is_ascii_uppercase());
    if is_code { Ok(()) } else { Err(garde::Error::new("a country is two capital letters (ISO 3166-1), such as US")) }
}

impl From<AddressBody> for Address {
    fn from(body: AddressBody) -> Self {
        Self {
            full_name: body.full_name,
            company: body.company,
            address_line1: body.address_line1,
            address_line2: body.address_line2,
            city: body.city,
            state: body.state,
            postal_code: body.postal_code,
            country: body.country,
            phone: body.phone,
        }
    }
}
