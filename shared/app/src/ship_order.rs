//! Lines of an order are shipped: the order, its stock and the sales figures of its products change in one transaction.

use super::end_order::{load_both, save_both};
use shop_domain::{
    Id, MoneyError, Sku, Timestamp,
    message::{Event, Message},
    order::{LinesOf, Order, OrderStatus, ShipError, Tracking},
    payment::{CaptureError, Payment},
    user::User,
};
use shop_store::{Store, StoreError, TransactionError, Versioned, inventory::Taken, transaction};

/// Why nothing was shipped.
#[derive(Debug, thiserror::Error)]
pub enum ShipOrderError {
    /// The order's state, or that of its lines, does not allow it.
    #[error(transparent)]
    Order(#[from] ShipError),
    /// A fully refunded order is not shipped.
    #[error("the order is fully refunded, or its refund is in progress")]
    PaidBack(OrderStatus),
    /// A disputed order is not shipped.
    #[error("the payment is disputed: the order is not shipped until the dispute is decided")]
    Disputed(OrderStatus),
    /// Less was captured than the order costs, and no more can be.
    #[error("too little was captured, and nothing more can be: the order is not shipped until a person has decided")]
    Uncollected(OrderStatus),
    /// An amount does not fit.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// Units on backorder have not been received yet.
    #[error("not all units of {0} are in the warehouse")]
    NotOnHand(Sku),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl TransactionError for ShipOrderError {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Store(error) = self { Some(error) } else { None }
    }
}

/// Ships the given lines that are not shipped yet, and enqueues the mail about it. Where the payment is captured on shipping, the
/// capture of each parcel's share is requested. The payment is written in any case, so that a concurrent refund, which writes
/// it too, conflicts and serialises.
pub async fn ship_order(
    store: &Store,
    order: Id<Order>,
    lines: LinesOf,
    tracking: &Tracking,
    by: Id<User>,
    now: Timestamp,
) -> Result<(Versioned<Order>, Versioned<Payment>, Vec<Message>), ShipOrderError> {
    transaction!(store, |tx| {
        let (mut order, mut payment) = load_both(store, tx, order).await?;
        let state = order.status;
        let first_parcel = order.shipments.len();
        let leaving = order.ship(lines, tracking, by, now)?;
        if payment.has_open_dispute() {
            return Err(ShipOrderError::Disputed(state));
        }
        if payment.is_paid_back() {
            return Err(ShipOrderError::PaidBack(state));
        }
        // Once a person has decided, nothing asks for attention any more.
        if payment.attention.is_some() && !payment.uncollected(&order)?.is_zero() {
            return Err(ShipOrderError::Uncollected(state));
        }
        let mut messages = vec![Event::EmailOrderShipped { order_id: order.id }.now(now)];
        for parcel in first_parcel..order.shipments.len() {
            messages.extend(request_capture(&order, &mut payment, parcel, now)?);
        }
        save_both(store, tx, &mut order, &mut payment).await?;
        store.outbox.enqueue_all(tx, &messages).await?;
        for (sku, quantity) in leaving {
            if let Taken::Short { .. } = store.inventory.ship_in(tx, &sku, quantity, now).await? {
                return Err(ShipOrderError::NotOnHand(sku));
            }
            if let Some(item) = order.items.iter().find(|item| item.sku == sku) {
                store.products.count_sold_in(tx, item.product, quantity.get()).await?;
            }
        }
        Ok((order, payment, messages))
    })
}

/// Requests the capture of a parcel's share, if there is anything to capture.
fn request_capture(
    order: &Order,
    payment: &mut Payment,
    parcel: usize,
    now: Timestamp,
) -> Result<Option<Message>, MoneyError> {
    match payment.request_capture_of_parcel(order, parcel, now) {
        Ok(Some(capture_id)) => {
            let event = Event::PaymentCaptureRequested { payment_id: payment.id, order_id: order.id, capture_id };
            Ok(Some(event.now(now)))
        }
        // The share is never more than what is authorised, and never nothing.
        Ok(None) | Err(CaptureError::ExceedsAuthorised { .. } | CaptureError::NotPositive) => Ok(None),
        Err(CaptureError::Money(error)) => Err(error),
    }
}
