//! A postal address in requests and answers.

use serde::{Deserialize, Serialize};

use shop_domain::{Address, iso_3166};
use shop_validation::{
    Validate, Violations,
    rules::{country, line, optional_line, subdivision_of, telephone},
};

/// Where a parcel or an invoice goes.
#[derive(Clone, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = AddressInput)]
pub struct AddressBody {
    /// Who receives it.
    #[schema(example = "Ada Lovelace")]
    pub full_name: String,
    /// The company, if any.
    pub company: Option<String>,
    /// Street and number.
    #[schema(example = "12 St James's Square")]
    pub address_line1: String,
    /// Apartment, suite, floor.
    pub address_line2: Option<String>,
    /// City.
    #[schema(example = "London")]
    pub city: String,
    /// State or province: a code (ISO 3166-2) or a usual name, kept as the code without the country. Empty or absent if the
    /// address has none.
    #[serde(default)]
    pub state: String,
    /// Postal code; empty where there is none.
    #[schema(example = "SW1Y 4JH")]
    pub postal_code: String,
    /// A code (ISO 3166-1) or a usual name, kept as the alpha-2 code.
    #[schema(example = "GB")]
    pub country: String,
    /// For the carrier.
    #[schema(example = "+442072345678")]
    pub phone: String,
}

impl std::fmt::Debug for AddressBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AddressBody(…)")
    }
}

impl Validate for AddressBody {
    fn validate(&self, v: &mut Violations) {
        v.check("fullName", &self.full_name, line(100));
        v.check("company", &self.company, optional_line(100));
        v.check("addressLine1", &self.address_line1, line(200));
        v.check("addressLine2", &self.address_line2, optional_line(200));
        v.check("city", &self.city, line(100));
        v.check("state", &self.state, optional_line(100));
        v.check("state", &self.state, subdivision_of(&self.country));
        v.check("postalCode", &self.postal_code, optional_line(20));
        v.check("country", &self.country, country);
        v.check("phone", &self.phone, telephone);
    }
}

impl From<AddressBody> for Address {
    fn from(body: AddressBody) -> Self {
        let (country, state) = normalise_place(&body.country, &body.state);
        Self {
            full_name: trimmed(&body.full_name),
            company: body.company.as_deref().and_then(non_blank),
            address_line1: trimmed(&body.address_line1),
            address_line2: body.address_line2.as_deref().and_then(non_blank),
            city: trimmed(&body.city),
            state,
            postal_code: trimmed(&body.postal_code),
            country,
            phone: trimmed(&body.phone),
        }
    }
}

/// Where something is sent or billed to. Orders keep an immutable copy. Hides itself in logs.
#[derive(Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Address)]
pub struct AddressView {
    /// Who receives it.
    full_name: String,
    /// The company, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    company: Option<String>,
    /// Street and number.
    address_line1: String,
    /// Apartment, suite, floor.
    #[serde(skip_serializing_if = "Option::is_none")]
    address_line2: Option<String>,
    /// City.
    city: String,
    /// State or province: the code of the subdivision without the country (ISO 3166-2), where the country has subdivisions;
    /// empty if the address has none.
    state: String,
    /// Postal code.
    postal_code: String,
    /// ISO 3166-1 alpha-2, capital letters.
    country: String,
    /// Phone number for the carrier.
    phone: String,
}

impl std::fmt::Debug for AddressView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AddressView(…)")
    }
}

impl From<&Address> for AddressView {
    fn from(address: &Address) -> Self {
        Self {
            full_name: address.full_name.clone(),
            company: address.company.clone(),
            address_line1: address.address_line1.clone(),
            address_line2: address.address_line2.clone(),
            city: address.city.clone(),
            state: address.state.clone(),
            postal_code: address.postal_code.clone(),
            country: address.country.clone(),
            phone: address.phone.clone(),
        }
    }
}

/// The codes of a valid country and subdivision, as they are stored.
pub fn normalise_place(country: &str, state: &str) -> (String, String) {
    let country = iso_3166::find_country(country).map_or_else(|| trimmed(country), str::to_owned);
    let state = iso_3166::normalise_subdivision(&country, state).unwrap_or_else(|_| trimmed(state));
    (country, state)
}

fn trimmed(text: &str) -> String {
    text.trim().to_owned()
}

/// An empty field of a form counts as absent.
fn non_blank(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ProblemCode;
    use crate::body;

    const GOOD: &str = r#"{"fullName":" Ada Lovelace ","company":"","addressLine1":"12 St James's Square",
        "city":"London","state":"","postalCode":"SW1Y 4JH","country":"GB","phone":"+44 20 7234 5678"}"#;

    fn read(json: &str) -> Result<AddressBody, (ProblemCode, String)> {
        let pointer = |problem: &crate::Problem| problem.errors().first().map(|error| error.pointer.clone());
        body::parse(json.as_bytes()).map_err(|problem| (problem.code(), pointer(&problem).unwrap_or_default()))
    }

    #[test]
    fn an_address_is_trimmed_and_blank_fields_are_absent() {
        let address = Address::from(read(GOOD).unwrap());
        assert_eq!((address.full_name.as_str(), address.company, address.state.as_str()), ("Ada Lovelace", None, ""));
    }

    // M5
    #[test]
    fn country_and_subdivision_are_kept_as_their_codes() {
        let body = GOOD.replace(r#""state":"""#, r#""state":" Hants ""#).replace(r#""GB""#, r#""United Kingdom""#);
        let address = Address::from(read(&body).unwrap());
        assert_eq!((address.country.as_str(), address.state.as_str()), ("GB", "HAM"));
    }

    #[test]
    fn an_undeliverable_address_is_refused() {
        for (from, to, pointer) in [
            (" Ada Lovelace ", "  ", "/fullName"),
            ("London", "Lon\\ndon", "/city"),
            ("GB", "XX", "/country"),
            (r#""state":"""#, r#""state":"Narnia""#, "/state"),
            ("+44 20 7234 5678", "none", "/phone"),
            ("SW1Y 4JH", "123456789012345678901", "/postalCode"),
        ] {
            let refusal = read(&GOOD.replace(from, to)).unwrap_err();
            assert_eq!(refusal, (ProblemCode::ValidationFailed, pointer.to_owned()));
        }
    }
}
