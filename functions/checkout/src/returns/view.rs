//! A return in answers.

use serde::Serialize;
use shared::domain::{
    Currency, Id, Money, Quantity, Timestamp,
    order::{LinesOf, Order, OrderItem, Return, ReturnItem, ReturnStatus},
    payment::Refund,
};

use crate::access::Visibility;

/// Units of an order that the customer returns.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Return)]
pub(crate) struct ReturnView {
    #[schema(value_type = String)]
    id: Id<Return>,
    #[schema(value_type = String)]
    order_id: Id<Order>,
    order_number: String,
    items: Vec<ReturnItemView>,
    reason: String,
    /// `received` once the parcel has arrived. Restocking and refund follow asynchronously: poll the payment's `refunds`.
    status: ReturnStatus,
    /// The refund for these items: price and tax after discount, without shipping, at most the remaining captured amount. An
    /// estimate until the return is received, then the approved amount.
    refund: Money,
    /// The entry in the payment's `refunds`, once the return is received and the refund is not 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    refund_id: Option<Id<Refund>>,
    /// Why it was rejected.
    #[serde(skip_serializing_if = "Option::is_none")]
    rejection_reason: Option<String>,
    currency: Currency,
    requested_at: Timestamp,
    /// When the parcel arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    received_at: Option<Timestamp>,
    updated_at: Timestamp,
}

/// Units of a line.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ReturnItem)]
pub(crate) struct ReturnItemView {
    #[schema(value_type = String)]
    item_id: Id<OrderItem>,
    quantity: Quantity,
    refund: Money,
}

impl ReturnView {
    /// The whole return.
    pub(crate) fn of(order: &Order, each: &Return) -> Self {
        Self::seen(order, each, Visibility::Owner)
    }

    /// The returns of an order that the caller may see: for a seller, those of the own lines.
    pub(crate) fn all_of(order: &Order, visibility: Visibility) -> Vec<Self> {
        order.returns.iter().map(|each| Self::seen(order, each, visibility)).filter(Self::has_items).collect()
    }

    /// Whether it has items that the caller may see.
    pub(crate) fn has_items(&self) -> bool {
        !self.items.is_empty()
    }

    /// A return within this visibility: for a seller, the own lines.
    pub(crate) fn seen(order: &Order, each: &Return, visibility: Visibility) -> Self {
        let is_seen = |item: &&ReturnItem| match visibility.lines() {
            LinesOf::Everyone => true,
            LinesOf::Seller(seller) => order.items.iter().any(|line| line.id == item.item_id && line.seller == seller),
        };
        let items: Vec<&ReturnItem> = each.items.iter().filter(is_seen).collect();
        Self {
            id: each.id,
            order_id: order.id,
            order_number: order.order_number.clone(),
            // Parts of a valid sum cannot overflow.
            refund: Money::sum(items.iter().map(|item| item.refund)).unwrap_or_default(),
            items: items.into_iter().map(ReturnItemView::of).collect(),
            reason: each.reason.clone(),
            status: each.standing(),
            refund_id: each.refund_id,
            rejection_reason: each.rejection_reason.clone(),
            currency: order.currency,
            requested_at: each.requested_at,
            received_at: each.arrived_at,
            updated_at: each.updated_at,
        }
    }
}

impl ReturnItemView {
    fn of(item: &ReturnItem) -> Self {
        Self { item_id: item.item_id, quantity: item.quantity, refund: item.refund }
    }
}
