//! Users and addresses in answers.

use serde::Serialize;
use shared::{
    domain::{
        Currency, Email, Id, Timestamp,
        address::{AddressType, SavedAddress},
        user::{Preferences, Role, User},
    },
    http::address,
};

/// A profile.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserView {
    #[schema(value_type = String)]
    id: Id<User>,
    email: Email,
    #[schema(required)]
    username: Option<String>,
    first_name: String,
    last_name: String,
    role: Role,
    /// E.164.
    #[schema(required)]
    phone_number: Option<String>,
    /// The URL of an image.
    #[schema(required)]
    avatar: Option<String>,
    is_email_verified: bool,
    preferences: PreferencesView,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            email: user.email,
            username: user.username,
            first_name: user.first_name,
            last_name: user.last_name,
            role: user.role,
            phone_number: user.phone_number,
            avatar: user.avatar,
            is_email_verified: user.is_email_verified,
            preferences: user.preferences.into(),
            created_at: user.created_at,
        }
    }
}

/// What a user likes.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Preferences)]
pub(crate) struct PreferencesView {
    /// Wants the newsletter.
    newsletter: bool,
    /// Wants mails that no order requires.
    notifications: bool,
    /// BCP 47.
    language: String,
    /// What prices are shown in.
    currency: Currency,
}

impl From<Preferences> for PreferencesView {
    fn from(preferences: Preferences) -> Self {
        Self {
            newsletter: preferences.newsletter,
            notifications: preferences.notifications,
            language: preferences.language,
            currency: preferences.currency,
        }
    }
}

/// A profile as administrators see it.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccountView {
    #[serde(flatten)]
    profile: UserView,
    /// Whether the user may log in.
    is_active: bool,
    /// The time of the last login.
    #[schema(required, value_type = Option<String>, format = DateTime)]
    last_login: Option<Timestamp>,
}

impl From<User> for AccountView {
    fn from(user: User) -> Self {
        Self { is_active: user.is_active, last_login: user.last_login, profile: user.into() }
    }
}

/// An entry of the address book.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AddressView {
    #[schema(value_type = String)]
    id: Id<SavedAddress>,
    /// What it is used for.
    #[serde(rename = "type")]
    kind: AddressType,
    #[serde(flatten)]
    address: address::AddressView,
    /// Whether it is the default of its type. At most one is.
    is_default: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

impl From<SavedAddress> for AddressView {
    fn from(saved: SavedAddress) -> Self {
        Self {
            id: saved.id,
            kind: saved.kind,
            address: (&saved.address).into(),
            is_default: saved.is_default,
            created_at: saved.created_at,
            updated_at: saved.updated_at,
        }
    }
}

/// Acknowledges a request without revealing whether the account exists.
#[derive(Serialize, utoipa::ToSchema)]
pub(crate) struct AcceptedView {
    /// To be shown to the user.
    pub(crate) message: &'static str,
}
