//! Postal addresses.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Id, Timestamp, user::User};

/// Where something is sent or billed to. Orders keep an immutable copy. Hides itself in logs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
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

/// An address in a customer's address book.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SavedAddress {
    /// Its id.
    #[serde(rename = "_id")]
    pub id: Id<SavedAddress>,
    /// Whose it is.
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
    /// Degrees, for location-based features.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coordinates: Option<Coordinates>,
    /// See [`crate::store::SCHEMA_VERSION`].
    pub schema_version: i32,
    /// When it was saved.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// A place on earth.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Coordinates {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
}
