//! What happens to a paid order: it is picked, refunded after a cancellation, or returned.

use super::end_order::{load_both, save_both};
use shop_domain::{
    Id, Idempotent, IllegalTransition, Money, Timestamp,
    message::{Event, Message},
    order::{Order, OrderStatus, Return, ReturnError},
    payment::{GatewayName, Payment, PaymentStatus, RefundError},
};
use shop_gateway::stripe;
use shop_store::{Store, StoreError, TransactionError, transaction};

/// Why an order could not be fulfilled.
#[derive(Debug, thiserror::Error)]
pub enum FulfillError {
    /// Its status does not allow it.
    #[error(transparent)]
    Illegal(#[from] IllegalTransition),
    /// The return's status does not allow it.
    #[error(transparent)]
    Return(#[from] ReturnError),
    /// The refund is not possible.
    #[error(transparent)]
    Refund(#[from] RefundError),
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl TransactionError for FulfillError {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Store(error) = self { Some(error) } else { None }
    }
}

/// `order.paid`: the warehouse begins to pick. An order that was cancelled meanwhile stays cancelled.
pub async fn pick(store: &Store, message: Id<Message>, order: Id<Order>, now: Timestamp) -> Result<(), FulfillError> {
    transaction!(store, |tx| {
        if store.processed.record_in(tx, message, now).await? == Idempotent::AlreadyApplied {
            return Ok(());
        }
        let (mut order, _) = load_both(store, tx, order).await?;
        if order.status != OrderStatus::Cancelled && order.pick(now)?.was_executed() {
            store.orders.save_in(tx, &mut order).await?;
        }
        Ok(())
    })
}

/// `order.cancelled`: what was captured is refunded.
pub async fn refund_cancelled(
    store: &Store,
    message: Id<Message>,
    order: Id<Order>,
    now: Timestamp,
) -> Result<Vec<Message>, FulfillError> {
    transaction!(store, |tx| {
        if store.processed.record_in(tx, message, now).await? == Idempotent::AlreadyApplied {
            return Ok(Vec::new());
        }
        let (mut order, mut payment) = load_both(store, tx, order).await?;
        let left = payment.refundable().map_err(RefundError::from)?;
        let is_owed =
            order.status == OrderStatus::Cancelled && payment.status == PaymentStatus::Completed && !left.is_zero();
        if !is_owed {
            return Ok(Vec::new());
        }
        let refund = payment.approve_refund(left, "the order was cancelled", now)?;
        let event = Event::RefundRequested { payment_id: payment.id, order_id: order.id, refund_id: refund };
        let messages = vec![event.now(now)];
        save_both(store, tx, &mut order, &mut payment).await?;
        store.outbox.enqueue_all(tx, &messages).await?;
        Ok(messages)
    })
}

/// `order.returned`: units go back into stock, and their price to the customer.
pub async fn receive_return(
    store: &Store,
    message: Id<Message>,
    order: Id<Order>,
    returned: Id<Return>,
    now: Timestamp,
) -> Result<Vec<Message>, FulfillError> {
    transaction!(store, |tx| {
        if store.processed.record_in(tx, message, now).await? == Idempotent::AlreadyApplied {
            return Ok(Vec::new());
        }
        let (mut order, mut payment) = load_both(store, tx, order).await?;
        // Refunds by hand come off: at most the rest is refunded, so that the units can still be returned.
        // A dispute does not come off: its end decides whether the refund is paid out.
        let left = payment.refundable_after_disputes().map_err(RefundError::from)?;
        let worth =
            Money::sum(order.find_return(returned)?.items.iter().map(|item| item.worth)).map_err(RefundError::from)?;
        let Some(back) = order.receive_return(returned, in_steps(worth, left, &payment), now)? else {
            return Ok(Vec::new());
        };
        let mut messages = Vec::new();
        if !back.refund.is_zero() {
            let refund = payment.approve_owed_refund(back.refund, "returned", now)?;
            order.set_refund(returned, refund)?;
            let event = Event::RefundRequested { payment_id: payment.id, order_id: order.id, refund_id: refund };
            messages.push(event.now(now));
        }
        // Else the order ends with the last refund that is paid out: see `record_refund`.
        let _ = order.finish_returns(&payment, now);
        save_both(store, tx, &mut order, &mut payment).await?;
        store.outbox.enqueue_all(tx, &messages).await?;
        for (sku, quantity) in back.units {
            store.inventory.restock_in(tx, &sku, quantity, now).await?;
        }
        Ok(messages)
    })
}

/// The refund of this amount: rounded down to a step that the gateway can refund, or the rest of what is refundable.
fn in_steps(amount: Money, left: Money, payment: &Payment) -> Money {
    let step = match payment.gateway {
        GatewayName::Stripe => stripe::charge_limits(payment.currency).step.minor().max(1),
        GatewayName::BankTransfer | GatewayName::None => 1,
    };
    if amount >= left { left } else { Money::from_minor(amount.minor() - amount.minor() % step) }
}
