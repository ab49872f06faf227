//! Marks abandoned carts and enqueues their reminders.

use shared::{
    domain::{
        Id,
        cart::{ABANDONED_AFTER, Cart, Reminder},
        message::{Event, Message},
    },
    queue::Worker,
    store::StoreError,
    transaction,
};

use crate::BATCH;

/// Answers how many were marked. Status and message commit in one transaction; a concurrent change of the cart wins.
pub(crate) async fn run(worker: &Worker) -> Result<usize, StoreError> {
    let candidates = worker.store.carts.list_abandonable(worker.clock.now().minus(ABANDONED_AFTER), BATCH).await?;
    let (mut marked, mut messages) = (0, Vec::new());
    for cart in candidates {
        match abandon(worker, cart).await {
            Ok(None) => {}
            Ok(Some(reminder)) => {
                marked += 1;
                messages.extend(reminder);
            }
            Err(error @ StoreError::Unavailable(_)) => return Err(error),
            // A failure for one cart must not block the others.
            Err(error) => {
                tracing::error!(%cart, error = &error as &dyn std::error::Error, "a cart could not be marked as abandoned")
            }
        }
    }
    worker.dispatch(messages).await;
    Ok(marked)
}

/// `None` if the customer has returned meanwhile; else the reminder, if one is due.
async fn abandon(worker: &Worker, id: Id<Cart>) -> Result<Option<Option<Message>>, StoreError> {
    let (store, now) = (&worker.store, worker.clock.now());
    transaction!(store, |tx| {
        let Some(mut cart) = store.carts.find_in(tx, id).await? else { return Ok(None) };
        let Some(reminder) = cart.abandon(now) else { return Ok(None) };
        store.carts.save_in(tx, &mut cart).await?;
        if reminder == Reminder::TooSoon {
            return Ok(Some(None));
        }
        let message = Event::EmailCartAbandoned { cart_id: id }.now(now);
        store.outbox.enqueue(tx, &message).await?;
        Ok::<_, StoreError>(Some(Some(message)))
    })
}
