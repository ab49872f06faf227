//! A return as people see it.

use serde::Serialize;
use shared::domain::{
    Currency, Id, Money, Quantity, Timestamp,
    order::{LinesOf, Order, OrderItem, Return, ReturnItem, ReturnStatus},
    payment::Refund,
};

use crate::access::Visibility;

/// Units of an order that the customer sends back.
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
    /// `received` as soon as the parcel is here. The units go back into stock and the money to the customer in the background:
    /// watch the payment's `refunds`.
    status: ReturnStatus,
    /// What the customer gets back for these items: their price and tax after discount, without shipping, as far as that much of
    /// the money is left. What is to be expected until it is received, then what was promised.
    refund: Money,
    /// The entry in the payment's `refunds`, once it is received and something was left to give back.
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

/// Units of one line.
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

    /// The returns of an order, as far as somebody sees it: a seller those of the own lines.
    pub(crate) fn all_of(order: &Order, visibility: Visibility) -> Vec<Self> {
        order.returns.iter().map(|each| Self::seen(order, each, visibility)).filter(Self::has_items).collect()
    }

    /// Whether there is anything to see in it.
    pub(crate) fn has_items(&self) -> bool {
        !self.items.is_empty()
    }

    /// A return as somebody sees it who sees this much of the order: a seller the own lines.
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
            // Parts of a sum that fits fit.
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
