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
    /// State or province: the code of its subdivision without the country (ISO 3166-2), where the country has subdivisions;
    /// empty if the address has none.
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
    fn an_address_for_both_uses_conflicts_with_all() {
        assert!(AddressType::Both.rivals().contains(&AddressType::Shipping));
        assert!(!AddressType::Shipping.rivals().contains(&AddressType::Billing));
    }
}
