//! Records bank transfers that an administrator has seen, which no gateway reports: a payment that arrived, a refund that was
//! paid out. The record of the request's answer commits with it.

use super::{
    record_payment::{RecordError, record_succeeded_in},
    record_refund::record_refund_transfer_in,
};
use shop_domain::{
    Id, Money, Timestamp,
    message::Message,
    payment::{Payment, Refund},
};
use shop_store::{Store, idempotency::IdempotencyRecord, transaction};

/// Records that a payment arrived by bank transfer. `reference` is that of the bank statement; `record` makes the idempotency
/// record of the answer.
pub async fn record_payment_transfer(
    store: &Store,
    payment: Id<Payment>,
    captured: Money,
    reference: &str,
    now: Timestamp,
    record: impl Fn(&Payment) -> IdempotencyRecord,
) -> Result<(IdempotencyRecord, Vec<Message>), RecordError> {
    transaction!(store, |tx| {
        let recorded = record_succeeded_in(store, tx, payment, captured, None, Some(reference), now).await?;
        let (payment, messages) = recorded;
        let record = record(&payment);
        store.idempotency.insert_in(tx, &record, now).await?;
        Ok((record, messages))
    })
}

/// Records that a refund was paid out by bank transfer. `reference` and `record` are as for [`record_payment_transfer`].
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
