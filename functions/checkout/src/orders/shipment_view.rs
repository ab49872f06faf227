//! A shipment in answers.

use serde::Serialize;
use shared::domain::{
    Id, Timestamp,
    order::{OrderItem, Shipment},
    user::User,
};

/// A parcel of one seller.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Shipment)]
pub(crate) struct ShipmentView {
    #[schema(value_type = String)]
    seller: Id<User>,
    /// The ids of its lines.
    #[schema(value_type = Vec<String>)]
    items: Vec<Id<OrderItem>>,
    carrier: String,
    tracking_number: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    tracking_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_delivery: Option<Timestamp>,
    shipped_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivered_at: Option<Timestamp>,
}

impl ShipmentView {
    pub(crate) fn of(parcel: &Shipment) -> Self {
        Self {
            seller: parcel.seller,
            items: parcel.items.clone(),
            carrier: parcel.carrier.clone(),
            tracking_number: parcel.tracking_number.clone(),
            tracking_url: parcel.tracking_url.clone(),
            estimated_delivery: parcel.estimated_delivery,
            shipped_at: parcel.shipped_at,
            delivered_at: parcel.delivered_at,
        }
    }
}
