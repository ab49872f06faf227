//! A saved payment method in answers.

use serde::Serialize;
use shared::domain::{Id, saved_method::SavedMethod};

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

impl From<SavedMethod> for SavedMethodView {
    fn from(SavedMethod { id, card, is_default, .. }: SavedMethod) -> Self {
        Self {
            id,
            brand: card.brand,
            last4: card.last4,
            expiry_month: format!("{:02}", card.expiry_month),
            expiry_year: card.expiry_year.to_string(),
            holder_name: card.holder_name,
            is_default,
        }
    }
}
