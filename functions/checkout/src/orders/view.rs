//! An order in answers.

use serde::Serialize;
use shared::{
    domain::{
        Currency, Email, Id, Money, Quantity, Sku, Timestamp,
        coupon::CouponKind,
        order::{
            AppliedDiscount, Cancellation, CancellationReason, Notes, Order, OrderItem, OrderStatus, ProductSnapshot,
            Remark, TimelineEntry,
        },
        payment::{FailureCode, Payment, PaymentMethod, PaymentStatus},
        pricing::{TaxAmount, Totals},
        product::Product,
        shipping::ShippingMethod,
        user::User,
    },
    gateway::{Intent, IntentState},
    http::{address::AddressView, instructions::InstructionsView, next_action::NextActionView},
};

use super::shipment_view::{ShipmentView, TrackingView};
use crate::{access::Visibility, returns::view::ReturnView};

/// An order. A seller sees the own lines of it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Order)]
pub(crate) struct OrderView {
    #[schema(value_type = String)]
    id: Id<Order>,
    /// `ORD-YYYYMMDD-XXXXX`.
    order_number: String,
    status: OrderStatus,
    /// Who ended the order and why; only while it is cancelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    cancellation: Option<CancellationView>,
    /// The customer, for administrators; absent for a guest's order.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    user: Option<Id<User>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<Email>,
    items: Vec<OrderItemView>,
    /// Absent in a seller's view.
    #[serde(skip_serializing_if = "Option::is_none")]
    pricing: Option<TotalsView>,
    currency: Currency,
    prices_include_tax: bool,
    taxes: Vec<TaxAmountView>,
    shipping_address: AddressView,
    #[serde(skip_serializing_if = "Option::is_none")]
    billing_address: Option<AddressView>,
    shipping_method: ShippingMethod,
    /// The latest parcel; in a seller's view the seller's latest.
    tracking: Option<TrackingView>,
    /// The parcels, oldest first; each has lines of one seller. In a seller's view the seller's.
    shipments: Vec<ShipmentView>,
    notes: NotesView,
    timeline: Vec<TimelineView>,
    coupon_code: Option<String>,
    discount: Option<AppliedDiscountView>,
    /// Returns of the order.
    returns: Vec<ReturnView>,
    /// Absent in a seller's view.
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<PaymentSummary>,
    /// When the order expires if it is unpaid; its stock stays reserved until then.
    reserved_until: Timestamp,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// Why an order ended before it was shipped.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Cancellation)]
pub(crate) struct CancellationView {
    /// `expired`: not paid in time; late money reopens the order. `requested` and `authorisation_ended`: late money is
    /// refunded.
    reason: CancellationReason,
    /// The reason in words.
    note: String,
    /// The user who cancelled it, for administrators; absent if it expired or a guest cancelled it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    by: Option<Id<User>>,
}

/// The sums of an order (invariant I5).
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Totals)]
pub(crate) struct TotalsView {
    /// Σ line subtotals.
    subtotal: Money,
    /// Σ line discounts.
    discount: Money,
    /// The parcel.
    shipping: Money,
    /// Σ per-rate taxes; contained in the other amounts where prices include tax.
    tax: Money,
    /// What is charged.
    total: Money,
}

/// The tax of one rate.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TaxAmount)]
pub(crate) struct TaxAmountView {
    /// Basis points.
    rate_bp: i64,
    /// The net amount that is taxed.
    base: Money,
    /// The tax on it.
    tax: Money,
}

/// What a coupon gave.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = AppliedDiscount)]
pub(crate) struct AppliedDiscountView {
    /// Its code.
    code: String,
    /// How much.
    amount: Money,
    /// Its kind.
    #[serde(rename = "type")]
    kind: CouponKind,
}

/// A line.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = OrderItem)]
pub(crate) struct OrderItemView {
    #[schema(value_type = String)]
    id: Id<OrderItem>,
    #[schema(value_type = String)]
    product: Id<Product>,
    product_snapshot: ProductSnapshotView,
    variant: Option<Sku>,
    quantity: Quantity,
    unit_price: Money,
    subtotal: Money,
    discount: Money,
    tax: Money,
    total: Money,
    shipped_at: Option<Timestamp>,
    /// Units that are returned or being returned.
    returned: i64,
}

/// A product as it was when it was ordered.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ProductSnapshot)]
pub(crate) struct ProductSnapshotView {
    /// Its name.
    name: String,
    /// The SKU that was sold.
    sku: Sku,
    /// URL of its picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<String>,
    /// What one cost.
    price: Money,
}

/// Notes on an order: the customer's and the shop's. Administrators see all of the shop's, sellers their own, customers none.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Notes)]
pub(crate) struct NotesView {
    /// The customer's note.
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<String>,
    /// The texts of `remarks`, joined by line breaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    admin: Option<String>,
    /// The shop's notes, oldest first.
    remarks: Vec<RemarkView>,
}

/// A note of the shop.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Remark)]
pub(crate) struct RemarkView {
    text: String,
    #[schema(value_type = String)]
    by: Id<User>,
    at: Timestamp,
}

/// A change of state, or a step within a state.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TimelineEntry)]
pub(crate) struct TimelineView {
    status: OrderStatus,
    timestamp: Timestamp,
    note: String,
    /// The user who made it, for administrators; absent for automatic changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    updated_by: Option<Id<User>>,
}

/// The payment of the order.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PaymentSummary {
    #[schema(value_type = String)]
    id: Id<Payment>,
    status: PaymentStatus,
    method: PaymentMethod,
    /// Why the last attempt failed, for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_code: Option<FailureCode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_reason: Option<String>,
    /// Whether the customer must act, and the gateway cannot tell how at the moment.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    next_action_unavailable: bool,
    /// For the gateway's script, while the customer must act. In the answer about one order only.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
    /// What the customer does next. In the answer about one order only.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_action: Option<NextActionView>,
    /// While a bank transfer is owed.
    #[serde(skip_serializing_if = "Option::is_none")]
    instructions: Option<InstructionsView>,
}

impl OrderView {
    /// With the instructions for the transfer that is owed, for readers who see the payment.
    pub(crate) fn with_instructions(mut self, instructions: Option<InstructionsView>) -> Self {
        if let Some(payment) = &mut self.payment {
            payment.instructions = instructions;
        }
        self
    }

    /// The order within this visibility.
    pub(crate) fn of(order: &Order, payment: Option<&Payment>, visibility: Visibility) -> Self {
        let is_whole = !matches!(visibility, Visibility::Seller(_));
        let seen = visibility.lines();
        Self {
            id: order.id,
            order_number: order.order_number.clone(),
            status: order.status,
            cancellation: order
                .cancellation
                .as_ref()
                .map(|cancellation| CancellationView::of(cancellation, visibility)),
            user: order.user.filter(|_| visibility == Visibility::Admin),
            email: is_whole.then(|| order.email.clone()),
            items: order.items.iter().filter(|item| seen.includes(item.seller)).map(OrderItemView::of).collect(),
            pricing: is_whole.then(|| TotalsView::of(&order.pricing)),
            currency: order.currency,
            prices_include_tax: order.prices_include_tax,
            taxes: order.taxes.iter().filter(|_| is_whole).map(TaxAmountView::of).collect(),
            shipping_address: (&order.shipping_address).into(),
            billing_address: is_whole.then(|| (&order.billing_address).into()),
            shipping_method: order.shipping_method,
            tracking: order.shipments_of(seen).next_back().map(TrackingView::of_shipment),
            shipments: order.shipments_of(seen).map(ShipmentView::of).collect(),
            notes: NotesView::of(&order.notes, visibility),
            timeline: order.timeline.iter().map(|entry| TimelineView::of(entry, visibility)).collect(),
            coupon_code: order.coupon_code.clone().filter(|_| is_whole),
            discount: order.discount.as_ref().filter(|_| is_whole).map(AppliedDiscountView::of),
            returns: ReturnView::all_of(order, visibility),
            payment: payment.filter(|_| is_whole).map(|payment| PaymentSummary {
                id: payment.id,
                status: payment.status,
                method: payment.method,
                failure_code: payment.failure_code,
                failure_reason: payment.failure_reason.clone(),
                next_action_unavailable: false,
                client_secret: None,
                next_action: None,
                instructions: None,
            }),
            reserved_until: order.reserved_until,
            created_at: order.created_at,
            updated_at: order.updated_at,
        }
    }
}

impl OrderView {
    /// With the next action of the customer, as the gateway tells it; `None` if it does not.
    pub(crate) fn with_next_action(mut self, intent: Option<Intent>) -> Self {
        let Some(payment) = &mut self.payment else { return self };
        payment.next_action_unavailable = intent.is_none();
        if let Some(intent) = intent.filter(|intent| intent.state == IntentState::ActionRequired) {
            // A redirect needs no secret.
            payment.client_secret = intent.client_secret.filter(|_| intent.redirect_url.is_none());
            payment.next_action = Some(NextActionView::of(intent.redirect_url));
        }
        self
    }
}

impl CancellationView {
    fn of(cancellation: &Cancellation, visibility: Visibility) -> Self {
        Self {
            reason: cancellation.reason,
            note: cancellation.note.clone(),
            by: cancellation.by.filter(|_| visibility == Visibility::Admin),
        }
    }
}

impl OrderItemView {
    fn of(item: &OrderItem) -> Self {
        Self {
            id: item.id,
            product: item.product,
            product_snapshot: ProductSnapshotView::of(&item.product_snapshot),
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

impl TotalsView {
    fn of(totals: &Totals) -> Self {
        Self {
            subtotal: totals.subtotal,
            discount: totals.discount,
            shipping: totals.shipping,
            tax: totals.tax,
            total: totals.total,
        }
    }
}

impl TaxAmountView {
    pub(crate) fn of(amount: &TaxAmount) -> Self {
        Self { rate_bp: amount.rate_bp, base: amount.base, tax: amount.tax }
    }
}

impl AppliedDiscountView {
    fn of(discount: &AppliedDiscount) -> Self {
        Self { code: discount.code.clone(), amount: discount.amount, kind: discount.kind }
    }
}

impl ProductSnapshotView {
    fn of(snapshot: &ProductSnapshot) -> Self {
        Self {
            name: snapshot.name.clone(),
            sku: snapshot.sku.clone(),
            image: snapshot.image.clone(),
            price: snapshot.price,
        }
    }
}

impl NotesView {
    fn of(notes: &Notes, visibility: Visibility) -> Self {
        let is_seen = |remark: &&Remark| match visibility {
            Visibility::Admin => true,
            Visibility::Owner => false,
            Visibility::Seller(user) => remark.by == user.id,
        };
        let seen: Vec<&Remark> = notes.admin.iter().filter(is_seen).collect();
        let texts: Vec<&str> = seen.iter().map(|remark| remark.text.as_str()).collect();
        Self {
            customer: notes.customer.clone(),
            admin: (!texts.is_empty()).then(|| texts.join("\n")),
            remarks: seen.into_iter().map(RemarkView::of).collect(),
        }
    }
}

impl RemarkView {
    fn of(remark: &Remark) -> Self {
        Self { text: remark.text.clone(), by: remark.by, at: remark.at }
    }
}

impl TimelineView {
    fn of(entry: &TimelineEntry, visibility: Visibility) -> Self {
        Self {
            status: entry.status,
            timestamp: entry.timestamp,
            note: entry.note.clone(),
            updated_by: entry.updated_by.filter(|_| visibility == Visibility::Admin),
        }
    }
}
