//! `POST /v1/payments/{id}/refunds`

use axum::{extract::State, http::StatusCode, response::Response};
use serde::{Deserialize, Serialize};
use shared::{
    domain::{
        Id, Money,
        message::{Event, Message},
        payment::{Payment, RefundError},
    },
    http::{
        Admin, App, IdempotencyKey, PathId, Problem, Valid,
        idempotency::{KeyedRequest, once},
    },
    store::{StoreError, idempotency::IdempotencyRecord},
    transaction,
    validation::{
        Validate, Violations,
        rules::{lines, positive},
    },
};

use crate::{
    access::load_payment,
    problems::{PaymentProblem, check_step},
    view::RefundView,
};

/// Amount and reason.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefundPayment {
    /// Defaults to the remaining captured amount.
    amount: Option<Money>,
    reason: String,
}

impl Validate for RefundPayment {
    fn validate(&self, v: &mut Violations) {
        v.check("amount", &self.amount, positive);
        v.check("reason", &self.reason, lines(500));
    }
}

/// Create a refund
///
/// The gateway pays it out asynchronously: poll the refund's `status`.
#[utoipa::path(post, path = "/v1/payments/{id}/refunds", tag = "payments", security(("bearer" = [])),
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = RefundPayment, responses((status = 202, body = RefundView)))]
pub(crate) async fn refund_payment(
    Admin(user): Admin,
    PathId(id): PathId<Payment>,
    key: IdempotencyKey,
    State(app): State<App>,
    Valid(wanted): Valid<RefundPayment>,
) -> Result<Response, Problem> {
    let (payment, _) = load_payment(&app, &user.into(), id).await?;
    check_step(&payment, wanted.amount)?;
    let request = KeyedRequest::of_user(user.id, &format!("refund_payment {id}"), &key, &wanted)?;
    once(&app, &request, async || {
        let (record, message) = refund(&app, &request, id, &wanted).await?;
        app.dispatch(vec![message]).await;
        Ok(record)
    })
    .await
}

async fn refund(
    app: &App,
    request: &KeyedRequest,
    id: Id<Payment>,
    wanted: &RefundPayment,
) -> Result<(IdempotencyRecord, Message), PaymentProblem> {
    let store = &app.store;
    let now = app.clock.now();
    transaction!(store, |tx| {
        let found = store.payments.find_in(tx, id).await?;
        let mut payment = found.ok_or_else(|| StoreError::Missing(format!("payment {id}")))?;
        let amount = match wanted.amount {
            Some(amount) => amount,
            None => payment.refundable().map_err(RefundError::from)?,
        };
        let refund = payment.approve_refund(amount, &wanted.reason, now)?;
        let (payment_id, order_id) = (payment.id, payment.order);
        let message = Event::RefundRequested { payment_id, order_id, refund_id: refund }.now(now);
        store.payments.save_in(tx, &mut payment).await?;
        store.outbox.enqueue(tx, &message).await?;
        let made = payment.refunds.iter().find(|each| each.id == refund).map(RefundView::of);
        let record = request.record(StatusCode::ACCEPTED, &made, None, now);
        store.idempotency.insert_in(tx, &record, now).await?;
        Ok((record, message))
    })
}
