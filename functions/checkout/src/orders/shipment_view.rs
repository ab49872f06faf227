//! A shipment in answers.

use serde::Serialize;
use shared::domain::{
    Id, Timestamp,
    order::{OrderItem, Shipment, Tracking},
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

/// Where a parcel is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Tracking)]
pub(crate) struct TrackingView {
    /// Who carries it.
    carrier: String,
    /// The carrier's number.
    tracking_number: String,
    /// Where to look.
    #[serde(skip_serializing_if = "Option::is_none")]
    tracking_url: Option<String>,
    /// When it should arrive.
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_delivery: Option<Timestamp>,
    /// When it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    actual_delivery: Option<Timestamp>,
}

impl From<Tracking> for TrackingView {
    fn from(tracking: Tracking) -> Self {
        Self {
            carrier: tracking.carrier,
            tracking_number: tracking.tracking_number,
            tracking_url: tracking.tracking_url,
            estimated_delivery: tracking.estimated_delivery,
            actual_delivery: tracking.actual_delivery,
        }
    }
}

impl TrackingView {
    pub(crate) fn of_shipment(parcel: &Shipment) -> Self {
        parcel.tracking().into()
    }
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
