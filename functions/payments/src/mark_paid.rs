//! `POST /v1/payments/{id}/mark-paid`

use axum::{extract::State, http::StatusCode, response::Response};
use serde::{Deserialize, Serialize};
use shared::{
    app::record_transfer::record_payment_transfer,
    domain::{
        Money, Timestamp,
        payment::{Payment, Transfer},
    },
    http::{
        Admin, App, FieldCode, IdempotencyKey, PathId, Problem, ProblemCode, Valid,
        idempotency::{KeyedRequest, once},
    },
    validation::{
        Validate, Violations,
        rules::{amount, line, positive},
    },
};

use crate::{access::load_payment, problems::PaymentProblem, view::PaymentView};

/// A bank transfer that arrived: a line of the bank statement.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct MarkPaid {
    /// What the bank statement calls it. Each reference counts once in the whole shop, whatever its case.
    reference: String,
    /// What arrived, in the payment's currency.
    amount: Money,
    /// When the bank booked it; not in the future.
    received_at: Timestamp,
}

impl Validate for MarkPaid {
    fn validate(&self, v: &mut Violations) {
        v.check("reference", &self.reference, line(200));
        v.check("amount", &self.amount, positive);
        v.check("amount", &self.amount, amount(Transfer::HIGHEST));
    }
}

/// Record a bank transfer
///
/// Less than what is owed keeps the payment pending; enough completes it. What arrives beyond that, or for an order that is paid
/// or has ended, is owed back as an approved refund: transfer it and mark the refund as paid. An order that has expired is
/// reopened if the whole amount arrives at once and its stock can be reserved again.
#[utoipa::path(post, path = "/v1/payments/{id}/mark-paid", tag = "payments", security(("bearer" = [])),
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = MarkPaid, responses((status = 200, body = PaymentView)))]
pub(crate) async fn mark_payment_paid(
    Admin(user): Admin,
    PathId(id): PathId<Payment>,
    key: IdempotencyKey,
    State(app): State<App>,
    Valid(wanted): Valid<MarkPaid>,
) -> Result<Response, Problem> {
    load_payment(&app, &user.into(), id).await?;
    let request = KeyedRequest::of_user(user.id, &format!("mark_payment_paid {id}"), &key, &wanted)?;
    let transfer = Transfer::new(&wanted.reference, wanted.amount, wanted.received_at);
    once(&app, &request, async || {
        let now = app.clock.now();
        if transfer.received_at > now {
            return Err(Problem::new(ProblemCode::ValidationFailed).field(
                "/receivedAt",
                FieldCode::OutOfRange,
                "must not be in the future",
            ));
        }
        let recorded = record_payment_transfer(&app.store, id, &transfer, now, |payment| {
            request.record(StatusCode::OK, &PaymentView::of(payment, None), None, now)
        });
        let (record, messages) = recorded.await.map_err(PaymentProblem::from)?;
        app.dispatch(messages).await;
        Ok(record)
    })
    .await
}
