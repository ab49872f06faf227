//! Another payment method for an unpaid order: from a bank transfer to a charge, or from a charge to a bank transfer.

use super::{
    end_order::save_both,
    record_payment::{RecordError, load_payment},
};
use shop_domain::{
    Command, Id, IllegalTransition, State, Timestamp,
    message::{Event, Message},
    order::{Order, OrderStatus},
    payment::{Payment, PaymentMethod, PaymentSource, PaymentWindow},
    saved_method::SavedMethod,
};
use shop_store::{Store, idempotency::IdempotencyRecord, transaction};

/// What a charge takes the money from.
#[derive(Clone, Copy, Debug)]
pub enum ChargeSource<'a> {
    /// The token of the gateway's form.
    Token(&'a PaymentSource),
    /// A saved method.
    Saved(&'a SavedMethod),
}

/// Changes the method. A charge of `source` is requested; for a transfer, an intent that could still be confirmed is voided, and
/// the buyer gets the instructions. The end of the stock's reservation follows the method. `record` makes the idempotency
/// record of the answer.
///
/// # Errors
/// [`RecordError::Illegal`] unless the order is unpaid and the payment can be changed: see [`Payment::change_method`].
pub async fn change_method(
    store: &Store,
    payment: Id<Payment>,
    method: PaymentMethod,
    source: Option<ChargeSource<'_>>,
    window: PaymentWindow,
    now: Timestamp,
    record: impl Fn(&Order, &Payment) -> IdempotencyRecord,
) -> Result<(IdempotencyRecord, Vec<Message>), RecordError> {
    transaction!(store, |tx| {
        let (mut order, mut payment) = load_payment(store, tx, payment).await?;
        if order.status != OrderStatus::Pending {
            let state = State::Order(order.status);
            return Err(IllegalTransition { command: Command::ChangeMethod, state }.into());
        }
        let token = if let Some(ChargeSource::Token(token)) = source { Some(token.clone()) } else { None };
        payment.change_method(method, token, now)?;
        if let Some(ChargeSource::Saved(saved)) = source {
            payment.charge_saved(saved);
        }
        order.reserved_until = window.end_after_change(method, order.created_at, now);
        let (order_id, payment_id) = (order.id, payment.id);
        let mut events = Vec::new();
        if payment.awaits_transfer() {
            events.push(Event::EmailTransferDue { order_id, payment_id });
        } else {
            events.push(Event::PaymentRequested { payment_id, order_id, attempt: payment.attempts });
        }
        if payment.void_pending {
            events.push(Event::PaymentVoidRequested { payment_id, order_id });
        }
        let messages: Vec<Message> = events.into_iter().map(|event| event.now(now)).collect();
        save_both(store, tx, &mut order, &mut payment).await?;
        store.outbox.enqueue_all(tx, &messages).await?;
        let record = record(&order, &payment);
        store.idempotency.insert_in(tx, &record, now).await?;
        Ok((record, messages))
    })
}
