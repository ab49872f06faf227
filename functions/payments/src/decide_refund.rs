//! `POST /v1/payments/{id}/refunds/{refundId}/retry` and `/reject`: a person decides about a refund that is not paid out.

use axum::{extract::State, http::StatusCode, response::Response};
use serde::{Deserialize, Serialize};
use shared::{
    domain::{
        Id,
        message::{Event, Message},
        payment::{Payment, Refund},
    },
    http::{
        Admin, App, CurrentUser, IdempotencyKey, Problem, Valid,
        idempotency::{KeyedRequest, once},
        path::PathIds,
    },
    store::{StoreError, idempotency::IdempotencyRecord},
    transaction,
    validation::{Validate, Violations, rules::lines},
};

use crate::{access::load_payment, problems::PaymentProblem, view::RefundView};

/// The reason of a rejection.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RejectRefund {
    reason: String,
}

impl Validate for RejectRefund {
    fn validate(&self, v: &mut Violations) {
        v.check("reason", &self.reason, lines(500));
    }
}

/// Retry a failed refund
///
/// The gateway pays it out asynchronously: poll the refund's `status`.
#[utoipa::path(post, path = "/v1/payments/{id}/refunds/{refundId}/retry", tag = "payments",
    security(("bearer" = [])),
    params(("id" = String, Path), ("refundId" = String, Path), ("Idempotency-Key" = String, Header)),
    responses((status = 202, body = RefundView)))]
pub(crate) async fn retry_refund(
    Admin(user): Admin,
    PathIds(id, refund): PathIds<Payment, Refund>,
    key: IdempotencyKey,
    State(app): State<App>,
) -> Result<Response, Problem> {
    load_refund(&app, user, id, refund).await?;
    let request = KeyedRequest::of_user(user.id, &format!("retry_refund {id} {refund}"), &key, &())?;
    once(&app, &request, async || decide(&app, &request, id, refund, None).await).await
}

/// Reject a refund
///
/// For a refund that failed, or that the gateway has not accepted yet: it is not owed any more.
#[utoipa::path(post, path = "/v1/payments/{id}/refunds/{refundId}/reject", tag = "payments",
    security(("bearer" = [])),
    params(("id" = String, Path), ("refundId" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = RejectRefund, responses((status = 200, body = RefundView)))]
pub(crate) async fn reject_refund(
    Admin(user): Admin,
    PathIds(id, refund): PathIds<Payment, Refund>,
    key: IdempotencyKey,
    State(app): State<App>,
    Valid(wanted): Valid<RejectRefund>,
) -> Result<Response, Problem> {
    load_refund(&app, user, id, refund).await?;
    let request = KeyedRequest::of_user(user.id, &format!("reject_refund {id} {refund}"), &key, &wanted)?;
    once(&app, &request, async || decide(&app, &request, id, refund, Some(&wanted.reason)).await).await
}

async fn load_refund(app: &App, user: CurrentUser, id: Id<Payment>, refund: Id<Refund>) -> Result<(), Problem> {
    let (payment, _) = load_payment(app, &user.into(), id).await?;
    let is_known = payment.refunds.iter().any(|each| each.id == refund);
    if is_known { Ok(()) } else { Err(Problem::not_found("refund")) }
}

/// Rejects the refund for a reason, or approves it again.
async fn decide(
    app: &App,
    request: &KeyedRequest,
    id: Id<Payment>,
    refund: Id<Refund>,
    rejection: Option<&str>,
) -> Result<IdempotencyRecord, Problem> {
    let (store, now) = (&app.store, app.clock.now());
    let decided: Result<(IdempotencyRecord, Vec<Message>), PaymentProblem> = transaction!(store, |tx| {
        let found = store.payments.find_in(tx, id).await?;
        let found = found.filter(|payment| payment.refunds.iter().any(|each| each.id == refund));
        let mut payment = found.ok_or_else(|| StoreError::Missing(format!("refund {refund} of payment {id}")))?;
        let mut messages = Vec::new();
        let status = match rejection {
            Some(reason) => {
                payment.reject_refund(refund, reason, now)?;
                StatusCode::OK
            }
            None => {
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
