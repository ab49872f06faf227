//! What happens to a paid order: it is picked, called off, or comes back.

use super::end_order::{load_both, save_both};
use shop_domain::{
    Id, Idempotent, IllegalTransition, Timestamp,
    message::{Event, Message},
    order::{Order, OrderStatus, Return, ReturnError},
    payment::{PaymentStatus, RefundError},
};
use shop_store::{Store, StoreError, TransactionError, transaction};

/// Why an order could not be fulfilled.
#[derive(Debug, thiserror::Error)]
pub enum FulfillError {
    /// The order is not where it should be.
    #[error(transparent)]
    Illegal(#[from] IllegalTransition),
    /// The return is not what it should be.
    #[error(transparent)]
    Return(#[from] ReturnError),
    /// The money cannot be given back.
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

/// `order.paid`: the warehouse takes the order up. One that was cancelled meanwhile is left alone.
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

/// `order.cancelled`: what was paid is given back.
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
        // Somebody may have given money back by hand before: the rest, and no more, so that the units still come back.
        let left = payment.refundable().map_err(RefundError::from)?;
        let Some(back) = order.receive_return(returned, left, now)? else { return Ok(Vec::new()) };
        let mut messages = Vec::new();
        if !back.refund.is_zero() {
            let refund = payment.approve_refund(back.refund, "returned", now)?;
            order.note_refund(returned, refund)?;
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
