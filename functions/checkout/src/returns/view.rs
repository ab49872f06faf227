//! A return as people see it.

use serde::Serialize;
use shared::domain::{
    Currency, Id, Money, Quantity, Timestamp,
    order::{LinesOf, Order, OrderItem, Return, ReturnItem, ReturnStatus},
};

use crate::access::Sight;

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
    /// What the customer gets back for these items: their price and tax after discount, without shipping.
    refund: Money,
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
        let items: Vec<ReturnItemView> = each.items.iter().map(ReturnItemView::of).collect();
        Self::with_items(order, each, items, each.refund)
    }

    /// The returns of an order, as far as somebody sees it: a seller the own lines.
    pub(crate) fn all_of(order: &Order, sight: Sight) -> Vec<Self> {
        let LinesOf::Seller(seller) = sight.lines() else {
            return order.returns.iter().map(|each| Self::of(order, each)).collect();
        };
        let is_own = |id| order.items.iter().any(|line| line.id == id && line.seller == seller);
        let own = order.returns.iter().filter_map(|each| {
            let items: Vec<_> = each.items.iter().filter(|item| is_own(item.item_id)).collect();
            // Parts of a sum that fits fit.
            let refund = Money::sum(items.iter().map(|item| item.refund)).unwrap_or_default();
            let items: Vec<_> = items.into_iter().map(ReturnItemView::of).collect();
            (!items.is_empty()).then(|| Self::with_items(order, each, items, refund))
        });
        own.collect()
    }

    fn with_items(order: &Order, each: &Return, items: Vec<ReturnItemView>, refund: Money) -> Self {
        Self {
            id: each.id,
            order_id: order.id,
            order_number: order.order_number.clone(),
            items,
            reason: each.reason.clone(),
            status: each.standing(),
            refund,
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
