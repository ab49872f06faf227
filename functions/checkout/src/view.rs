//! An order as people see it.

use serde::Serialize;
use shared::domain::{
    Address, Currency, Email, Id, Money, Quantity, Sku, Timestamp,
    order::{AppliedDiscount, LinesOf, Notes, Order, OrderItem, OrderStatus, ProductSnapshot, TimelineEntry, Tracking},
    payment::{Payment, PaymentMethod, PaymentStatus},
    pricing::{TaxAmount, Totals},
    product::Product,
    shipping::ShippingMethod,
};

use crate::{access::Sight, returns::view::ReturnView};

/// An order. Somebody who sells part of it sees that part.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Order)]
pub(crate) struct OrderView {
    #[schema(value_type = String)]
    id: Id<Order>,
    /// `ORD-YYYYMMDD-XXXXX`.
    order_number: String,
    status: OrderStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<Email>,
    items: Vec<OrderItemView>,
    /// Absent in a seller's view.
    #[serde(skip_serializing_if = "Option::is_none")]
    pricing: Option<Totals>,
    currency: Currency,
    prices_include_tax: bool,
    taxes: Vec<TaxAmount>,
    shipping_address: Address,
    #[serde(skip_serializing_if = "Option::is_none")]
    billing_address: Option<Address>,
    shipping_method: ShippingMethod,
    tracking: Option<Tracking>,
    notes: Notes,
    timeline: Vec<TimelineView>,
    coupon_code: Option<String>,
    discount: Option<AppliedDiscount>,
    /// What the customer sends back.
    returns: Vec<ReturnView>,
    /// Absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<PaymentSummary>,
    /// Until when an unpaid order holds its stock.
    reserved_until: Timestamp,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// One line.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OrderItem)]
pub(crate) struct OrderItemView {
    #[schema(value_type = String)]
    id: Id<OrderItem>,
    #[schema(value_type = String)]
    product: Id<Product>,
    product_snapshot: ProductSnapshot,
    variant: Option<Sku>,
    quantity: Quantity,
    unit_price: Money,
    subtotal: Money,
    discount: Money,
    tax: Money,
    total: Money,
    shipped_at: Option<Timestamp>,
    /// How many came back, or are on their way back.
    returned: i64,
}

/// One change of state.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = TimelineEntry)]
pub(crate) struct TimelineView {
    status: OrderStatus,
    timestamp: Timestamp,
    note: String,
}

/// How the order is paid.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PaymentSummary {
    /// Look at `GET /v1/payments/{id}` for what the customer has to do.
    #[schema(value_type = String)]
    id: Id<Payment>,
    status: PaymentStatus,
    method: PaymentMethod,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_reason: Option<String>,
}

impl OrderView {
    /// What somebody sees of an order.
    pub(crate) fn of(order: &Order, payment: Option<&Payment>, sight: Sight) -> Self {
        let is_whole = !matches!(sight, Sight::Seller(_));
        let is_seen = |item: &&OrderItem| match sight.lines() {
            LinesOf::Everyone => true,
            LinesOf::Seller(seller) => item.seller == seller,
        };
        Self {
            id: order.id,
            order_number: order.order_number.clone(),
            status: order.status,
            email: is_whole.then(|| order.email.clone()),
            items: order.items.iter().filter(is_seen).map(OrderItemView::of).collect(),
            pricing: is_whole.then_some(order.pricing),
            currency: order.currency,
            prices_include_tax: order.prices_include_tax,
            taxes: if is_whole { order.taxes.clone() } else { Vec::new() },
            shipping_address: order.shipping_address.clone(),
            billing_address: is_whole.then(|| order.billing_address.clone()),
            shipping_method: order.shipping_method,
            tracking: order.tracking.clone(),
            notes: Notes {
                customer: order.notes.customer.clone(),
                admin: if sight == Sight::Owner { None } else { order.notes.admin.clone() },
            },
            timeline: order.timeline.iter().map(TimelineView::of).collect(),
            coupon_code: order.coupon_code.clone().filter(|_| is_whole),
            discount: order.discount.clone().filter(|_| is_whole),
            returns: ReturnView::all_of(order, sight),
            payment: payment.filter(|_| is_whole).map(|payment| PaymentSummary {
                id: payment.id,
                status: payment.status,
                method: payment.method,
                failure_reason: payment.failure_reason.clone(),
            }),
            reserved_until: order.reserved_until,
            created_at: order.created_at,
            updated_at: order.updated_at,
        }
    }
}

impl OrderItemView {
    fn of(item: &OrderItem) -> Self {
        Self {
            id: item.id,
            product: item.product,
            product_snapshot: item.product_snapshot.clone(),
            variant: item.variant.clone(),
            quantity: item.quantity,
            unit_price: item.price,
            subtotal: item.subtotal,
            discount: item.discount,
            tax: item.tax,
            total: item.total,
            shipped_at: item.shipped_at,
            returned: item.returned,
        }
    }
}

impl TimelineView {
    fn of(entry: &TimelineEntry) -> Self {
        Self { status: entry.status, timestamp: entry.timestamp, note: entry.note.clone() }
    }
}
