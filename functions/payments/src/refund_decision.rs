//! A person decides about a refund that is not paid out.

use axum::http::StatusCode;
use shared::{
    app::record_refund::{RefundDecision, record_refund_decision},
    domain::{
        Id,
        payment::{Payment, Refund},
    },
    http::{App, Problem, idempotency::KeyedRequest},
    store::idempotency::IdempotencyRecord,
};

use crate::{problems::PaymentProblem, view::RefundView};

/// Carries a decision out.
pub(crate) async fn decide(
    app: &App,
    request: &KeyedRequest,
    id: Id<Payment>,
    refund: Id<Refund>,
    decision: RefundDecision<'_>,
) -> Result<IdempotencyRecord, Problem> {
    let now = app.clock.now();
    let status = match decision {
        RefundDecision::Retry => StatusCode::ACCEPTED,
        RefundDecision::Reject(_) => StatusCode::OK,
    };
    let recorded = record_refund_decision(&app.store, id, refund, decision, now, |payment| {
        let view = payment.refunds.iter().find(|each| each.id == refund).map(RefundView::of);
        request.record(status, &view, None, now)
    });
    let (record, messages) = recorded.await.map_err(PaymentProblem::from)?;
    app.dispatch(messages).await;
    Ok(record)
}
