//! A person decides about a refund that is not paid out.

use axum::http::StatusCode;
use shared::{
    domain::{
        Id,
        message::{Event, Message},
        payment::{Payment, Refund},
    },
    http::{App, CurrentUser, Problem, idempotency::KeyedRequest},
    store::{StoreError, idempotency::IdempotencyRecord},
    transaction,
};

use crate::{access::load_payment, problems::PaymentProblem, view::RefundView};

/// What an administrator decides about a refund that is not paid out.
pub(crate) enum Decision<'a> {
    /// It is paid out after all.
    Retry,
    /// It is not owed any more, for this reason.
    Reject(&'a str),
}

/// The refund exists.
pub(crate) async fn load_refund(
    app: &App,
    user: CurrentUser,
    id: Id<Payment>,
    refund: Id<Refund>,
) -> Result<(), Problem> {
    let (payment, _) = load_payment(app, &user.into(), id).await?;
    let is_known = payment.refunds.iter().any(|each| each.id == refund);
    if is_known { Ok(()) } else { Err(Problem::not_found("refund")) }
}

/// Carries a decision out.
pub(crate) async fn decide(
    app: &App,
    request: &KeyedRequest,
    id: Id<Payment>,
    refund: Id<Refund>,
    decision: Decision<'_>,
) -> Result<IdempotencyRecord, Problem> {
    let (store, now) = (&app.store, app.clock.now());
    let decided: Result<(IdempotencyRecord, Vec<Message>), PaymentProblem> = transaction!(store, |tx| {
        let found = store.payments.find_in(tx, id).await?;
        let found = found.filter(|payment| payment.refunds.iter().any(|each| each.id == refund));
        let mut payment = found.ok_or_else(|| StoreError::Missing(format!("refund {refund} of payment {id}")))?;
        let mut messages = Vec::new();
        let status = match decision {
            Decision::Reject(reason) => {
                payment.reject_refund(refund, reason, now)?;
                StatusCode::OK
            }
            Decision::Retry => {
                payment.retry_refund(refund, now)?;
                let event = Event::RefundRequested { payment_id: id, order_id: payment.order, refund_id: refund };
                messages.push(event.now(now));
                StatusCode::ACCEPTED
            }
        };
        store.payments.save_in(tx, &mut payment).await?;
        store.outbox.enqueue_all(tx, &messages).await?;
        let view = payment.refunds.iter().find(|each| each.id == refund).map(RefundView::of);
        let record = request.record(status, &view, None, now);
        store.idempotency.insert_in(tx, &record, now).await?;
        Ok((record, messages))
    });
    let (record, messages) = decided.map_err(Problem::from)?;
    app.dispatch(messages).await;
    Ok(record)
}
