//! The order and the payment that a quote becomes.

use super::{PlaceOrder, PlaceOrderError};
use crate::quote::{LineProblem, Quote};
use shop_domain::{
    Id, Money, Timestamp,
    message::{Event, Message},
    order::{AppliedDiscount, Notes, Order, OrderItem, OrderStatus, ProductSnapshot, TimelineEntry},
    payment::{GatewayName, Payment, PaymentSettings},
};
use shop_store::coupons::Redemption;

/// The quote, unless something of it cannot be ordered.
pub(super) fn check_orderable(quote: Quote, wanted: &PlaceOrder) -> Result<Quote, PlaceOrderError> {
    for line in &quote.lines {
        for problem in &line.problems {
            let available = match *problem {
                LineProblem::Unavailable => 0,
                LineProblem::InsufficientStock { available } => available,
                LineProblem::PriceChanged { .. } => continue,
            };
            let sku = line.item.sku.clone();
            return Err(PlaceOrderError::InsufficientStock { sku, available, may_change: false });
        }
    }
    if let Some(refusal) = quote.coupon.as_ref().and_then(|asked| asked.refusal) {
        return Err(refusal.into());
    }
    if quote.needs_state {
        return Err(PlaceOrderError::StateMissing);
    }
    if !quote.price.method_is_offered {
        return Err(PlaceOrderError::ShippingUnavailable);
    }
    if wanted.expected_total.is_some_and(|expected| expected != quote.price.totals.total) {
        return Err(PlaceOrderError::PriceChanged(Box::new(quote)));
    }
    let total = quote.price.totals.total;
    if let Some(limits) = wanted.charge_limits.filter(|limits| !limits.allow(total)) {
        return Err(PlaceOrderError::NotChargeable(limits));
    }
    Ok(quote)
}

/// The payment of a new order, not requested yet.
pub(super) fn new_payment(
    wanted: &PlaceOrder,
    settings: PaymentSettings,
    order: Id<Order>,
    quote: &Quote,
    now: Timestamp,
) -> Payment {
    let mut payment = Payment::new(
        order,
        wanted.buyer.customer(),
        quote.price.totals.total,
        quote.currency,
        wanted.payment_method,
        wanted.source.clone(),
        Some(wanted.billing_address.clone()),
        now,
    );
    // A later change of the settings does not change orders that exist. It matters once a card is charged.
    payment.capture_mode = settings.capture;
    if payment.gateway == GatewayName::Stripe {
        payment.save_method = wanted.save_method;
        if let Some(saved) = &wanted.saved_method {
            payment.charge_saved(saved);
        }
    }
    payment
}

/// Starts the payment of a new order, or completes it if there is nothing to pay. Returns the messages of the new order.
pub(super) fn start_payment(
    order: &mut Order,
    payment: &mut Payment,
    now: Timestamp,
) -> Result<Vec<Message>, PlaceOrderError> {
    let mut messages = vec![Event::EmailOrderPlaced { order_id: order.id }.now(now)];
    match payment.gateway {
        GatewayName::None => {
            let _ = payment.complete(Money::ZERO, None, now);
            let _ = order.confirm(now);
            messages.push(Event::OrderPaid { order_id: order.id }.now(now));
        }
        GatewayName::BankTransfer => {}
        GatewayName::Stripe if payment.source.is_none() && payment.method.needs_token() => {
            return Err(PlaceOrderError::NothingToCharge);
        }
        GatewayName::Stripe => {
            let event = Event::PaymentRequested { payment_id: payment.id, order_id: order.id, attempt: 1 };
            messages.push(event.now(now));
        }
    }
    Ok(messages)
}

/// The use of the coupon, if there is one.
pub(super) fn redemption(wanted: &PlaceOrder, quote: &Quote, order: &Order) -> Option<Redemption> {
    let coupon = quote.coupon.as_ref()?.coupon.as_ref()?;
    Some(Redemption {
        order: order.id,
        coupon: coupon.id,
        user: wanted.buyer.customer(),
        email: wanted.email.clone(),
        created_at: order.created_at,
    })
}

/// The order as it is placed.
pub(super) fn new_order(
    wanted: &PlaceOrder,
    payment: &Payment,
    quote: &Quote,
    order_number: String,
    now: Timestamp,
) -> Result<Order, PlaceOrderError> {
    let mut items = Vec::with_capacity(quote.lines.len());
    for line in &quote.lines {
        let Some(product) = &line.product else {
            let sku = line.item.sku.clone();
            return Err(PlaceOrderError::InsufficientStock { sku, available: 0, may_change: false });
        };
        items.push(OrderItem {
            id: Id::new(),
            product: product.id,
            product_snapshot: ProductSnapshot {
                name: product.name.clone(),
                sku: line.item.sku.clone(),
                image: product.primary_image().map(|image| image.url.clone()),
                price: line.unit_price,
            },
            category_path: product.category_path.clone(),
            seller: product.seller,
            variant: line.item.variant.clone(),
            sku: line.item.sku.clone(),
            quantity: line.item.quantity,
            price: line.unit_price,
            subtotal: line.amounts.subtotal,
            discount: line.amounts.discount,
            tax: line.amounts.tax,
            total: line.amounts.total,
            shipped_at: None,
            returned: 0,
        });
    }
    let coupon = quote.coupon.as_ref().and_then(|asked| asked.coupon.as_ref());
    Ok(Order {
        id: payment.order,
        order_number,
        user: wanted.buyer.customer(),
        email: wanted.email.clone(),
        items,
        pricing: quote.price.totals,
        currency: quote.currency,
        prices_include_tax: quote.price.prices_include_tax,
        taxes: quote.price.taxes.clone(),
        shipping_address: wanted.shipping_address.clone(),
        billing_address: wanted.billing_address.clone(),
        payment: payment.id,
        status: OrderStatus::Pending,
        cancellation: None,
        shipping_method: wanted.shipping_method,
        tracking: None,
        shipments: Vec::new(),
        notes: Notes { customer: wanted.notes.clone(), ..Notes::default() },
        timeline: vec![TimelineEntry {
            status: OrderStatus::Pending,
            timestamp: now,
            note: "placed".to_owned(),
            updated_by: wanted.buyer.customer(),
        }],
        coupon_code: coupon.map(|coupon| coupon.code.clone()),
        discount: coupon.map(|coupon| AppliedDiscount {
            code: coupon.code.clone(),
            amount: quote.price.totals.discount,
            kind: coupon.kind,
        }),
        returns: Vec::new(),
        cart: wanted.cart.id,
        reserved_until: now.plus(wanted.payment_window),
        created_at: now,
        updated_at: now,
    })
}
