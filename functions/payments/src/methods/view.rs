//! A saved payment method in answers.

use serde::Serialize;
use shared::domain::{
    Id,
    saved_method::SavedMethod,
    sealing::{KeyRing, SealedField},
};

use crate::holder_name::open_name;

/// A saved card.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = PaymentMethodOnFile)]
pub(crate) struct SavedMethodView {
    #[schema(value_type = String)]
    id: Id<SavedMethod>,
    /// `visa`.
    brand: String,
    /// The last four digits.
    last4: String,
    /// `01`–`12`.
    expiry_month: String,
    /// `2030`.
    expiry_year: String,
    /// The name on the card.
    #[serde(skip_serializing_if = "Option::is_none")]
    holder_name: Option<String>,
    is_default: bool,
}

impl SavedMethodView {
    pub(crate) fn of(SavedMethod { id, card, holder_name, is_default, .. }: SavedMethod, keys: &KeyRing) -> Self {
        let name = open_name(keys, SealedField::SavedMethodHolderName, id, holder_name.as_ref());
        Self {
            id,
            brand: card.brand,
            last4: card.last4,
            expiry_month: format!("{:02}", card.expiry_month),
            expiry_year: card.expiry_year.to_string(),
            holder_name: name.map(|name| name.expose().to_owned()),
            is_default,
        }
    }
}
