//! Postal addresses.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Id, Timestamp, user::User};

/// Where something is sent or billed to. Orders keep an immutable copy. Hides itself in logs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Address {
    /// Who receives it.
    pub full_name: String,
    /// The company, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Street and number.
    pub address_line1: String,
    /// Apartment, suite, floor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address_line2: Option<String>,
    /// City.
    pub city: String,
    /// State or province; empty where there is none.
    pub state: String,
    /// Postal code.
    pub postal_code: String,
    /// ISO 3166-1 alpha-2, capital letters.
    pub country: String,
    /// Phone number for the carrier.
    pub phone: String,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({}, …)", self.country)
    }
}

/// ISO 3166-1 alpha-2, the officially assigned codes; Kosovo's is in common use beside them.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT \
    BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH \
    ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT \
    HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS \
    LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI \
    NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG \
    SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG \
    UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW XK";

/// Whether there is a country with this code of two capital letters.
pub fn is_country(code: &str) -> bool {
    code.len() == 2 && COUNTRIES.split(' ').any(|country| country == code)
}

/// What a saved address is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AddressType {
    /// Parcels.
    Shipping,
    /// Invoices.
    Billing,
    /// Either.
    Both,
}

impl AddressType {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shipping => "shipping",
            Self::Billing => "billing",
            Self::Both => "both",
        }
    }

    /// The types that serve a use which this one serves: of their addresses only one is the default.
    pub const fn rivals(self) -> &'static [Self] {
        match self {
            Self::Shipping => &[Self::Shipping, Self::Both],
            Self::Billing => &[Self::Billing, Self::Both],
            Self::Both => &[Self::Shipping, Self::Billing, Self::Both],
        }
    }
}

/// An address in a customer's address book.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SavedAddress {
    /// Its id.
    #[serde(rename = "_id")]
    pub id: Id<SavedAddress>,
    /// Its owner.
    pub user: Id<User>,
    /// What for.
    #[serde(rename = "type")]
    pub kind: AddressType,
    /// The address itself.
    #[serde(flatten)]
    pub address: Address,
    /// Whether it is offered first. At most one per user and use.
    pub is_default: bool,
    /// False once deleted.
    pub is_active: bool,
    /// When it was saved.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl SavedAddress {
    /// A new entry in the address book.
    pub fn new(user: Id<User>, kind: AddressType, address: Address, is_default: bool, now: Timestamp) -> Self {
        Self { id: Id::new(), user, kind, address, is_default, is_active: true, created_at: now, updated_at: now }
    }

    /// Is gone from the address book.
    pub const fn delete(&mut self, now: Timestamp) {
        self.is_active = false;
        self.is_default = false;
        self.updated_at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_are_those_of_iso_3166() {
        assert_eq!(COUNTRIES.split(' ').count(), 250);
        assert!(COUNTRIES.split(' ').all(is_country));
        for other in ["", "XX", "us", "USA", "U", "US ", " "] {
            assert!(!is_country(other), "{other}");
        }
    }

    #[test]
    fn an_address_for_both_uses_conflicts_with_all() {
        assert!(AddressType::Both.rivals().contains(&AddressType::Shipping));
        assert!(!AddressType::Shipping.rivals().contains(&AddressType::Billing));
    }
}
