//! Records bank transfers that an administrator has seen, which no gateway reports: a payment that arrived, a refund that was
//! paid out. The record of the request's answer commits with it.
//!
//! A line of the bank statement counts once in the whole shop: a unique index over all payments refuses a second one. Order
//! and payment are both written, so a transfer and the end of its order conflict and serialise.

use super::{
    end_order::save_both,
    record_payment::{RecordError, confirm_in, load_payment},
    record_refund::record_refund_transfer_in,
};
use shop_domain::{
    Id, Timestamp,
    message::{Event, Message},
    payment::{Payment, Refund, Transfer, TransferError, TransferOutcome},
};
use shop_store::{Store, StoreError, TransactionError, idempotency::IdempotencyRecord, transaction};

/// Why a transfer was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordTransferError {
    /// Its line of the bank statement is recorded already, for this payment or another one.
    #[error("a transfer with this reference is recorded already")]
    ReferenceUsed,
    /// The payment cannot take it, or the store did not answer.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl TransactionError for RecordTransferError {
    fn store_error(&self) -> Option<&StoreError> {
        if let Self::Record(error) = self { error.store_error() } else { None }
    }
}

impl From<StoreError> for RecordTransferError {
    fn from(error: StoreError) -> Self {
        if error.is_duplicate_of("transfers.key") { Self::ReferenceUsed } else { Self::Record(error.into()) }
    }
}

impl From<TransferError> for RecordTransferError {
    fn from(error: TransferError) -> Self {
        match error {
            TransferError::ReferenceUsed => Self::ReferenceUsed,
            TransferError::Illegal(error) => Self::Record(error.into()),
            TransferError::Money(error) => Self::Record(error.into()),
        }
    }
}

/// Records that a transfer arrived. Enough money confirms the order, or reopens an expired one; less waits for the rest; what
/// is not owed is to be refunded, and the buyer is told. `record` makes the idempotency record of the answer.
pub async fn record_payment_transfer(
    store: &Store,
    payment: Id<Payment>,
    transfer: &Transfer,
    now: Timestamp,
    record: impl Fn(&Payment) -> IdempotencyRecord,
) -> Result<(IdempotencyRecord, Vec<Message>), RecordTransferError> {
    transaction!(store, |tx| {
        let (mut order, mut payment) = load_payment(store, tx, payment).await?;
        let outcome = payment.receive_transfer(transfer.clone(), order.status, now)?;
        let (order_id, payment_id) = (order.id, payment.id);
        let mut messages = Vec::new();
        let (owed_back, reason) = match outcome {
            TransferOutcome::Partial => {
                messages.push(Event::EmailTransferDue { order_id, payment_id }.now(now));
                (None, "")
            }
            TransferOutcome::Completed if payment.captured < payment.amount => {
                (Some(payment.captured), "the order ended before the whole amount arrived")
            }
            TransferOutcome::Completed if !confirm_in(store, tx, &mut order, now, &mut messages).await? => {
                (Some(payment.captured), "the order had been cancelled before it was paid")
            }
            TransferOutcome::Completed => {
                let surplus = payment.captured.minus(payment.amount).map_err(RecordError::from)?;
                (Some(surplus).filter(|surplus| !surplus.is_zero()), "more was transferred than the order costs")
            }
            TransferOutcome::OwedBack => (Some(transfer.amount), "nothing was owed for the order any more"),
        };
        if let Some(amount) = owed_back {
            let refund_id = payment.approve_transfer_refund(amount, reason, now);
            messages.push(Event::RefundRequested { payment_id, order_id, refund_id }.now(now));
            messages.push(Event::EmailRefundApproved { order_id, payment_id, refund_id }.now(now));
        }
        save_both(store, tx, &mut order, &mut payment).await?;
        store.outbox.enqueue_all(tx, &messages).await?;
        let record = record(&payment);
        store.idempotency.insert_in(tx, &record, now).await?;
        Ok((record, messages))
    })
}

/// Records that a refund was paid out by bank transfer. `reference` is that of the bank statement; `record` is as for
/// [`record_payment_transfer`].
pub async fn record_refund_transfer(
    store: &Store,
    payment: Id<Payment>,
    refund: Id<Refund>,
    reference: &str,
    now: Timestamp,
    record: impl Fn(&Payment) -> IdempotencyRecord,
) -> Result<(IdempotencyRecord, Vec<Message>), RecordError> {
    transaction!(store, |tx| {
        let (payment, messages) = record_refund_transfer_in(store, tx, payment, refund, reference, now).await?;
        let record = record(&payment);
        store.idempotency.insert_in(tx, &record, now).await?;
        Ok((record, messages))
    })
}
