//! `POST /v1/payments/{id}/refunds/{refundId}/mark-paid`

use axum::{extract::State, http::StatusCode, response::Response};
use serde::{Deserialize, Serialize};
use shared::{
    app::record_transfer::record_refund_transfer,
    domain::payment::{Payment, Refund},
    http::{
        Admin, App, IdempotencyKey, Problem, Valid,
        idempotency::{KeyedRequest, once},
        path::PathIds,
    },
    validation::{Validate, Violations, rules::line},
};

use crate::{access::check_refund, problems::PaymentProblem, view::PaymentView};

/// The bank transfer that paid a refund out.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MarkRefundPaid {
    /// What the bank statement calls it.
    reference: String,
}

impl Validate for MarkRefundPaid {
    fn validate(&self, v: &mut Violations) {
        v.check("reference", &self.reference, line(200));
    }
}

/// Mark a refund as paid
///
/// For bank transfers, which no gateway refunds. The customer is informed, and a fully returned order becomes refunded with its
/// last refund.
#[utoipa::path(post, path = "/v1/payments/{id}/refunds/{refundId}/mark-paid", tag = "payments",
    security(("bearer" = [])),
    params(("id" = String, Path), ("refundId" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = MarkRefundPaid, responses((status = 200, body = PaymentView)))]
pub(crate) async fn mark_refund_paid(
    Admin(user): Admin,
    PathIds(id, refund): PathIds<Payment, Refund>,
    key: IdempotencyKey,
    State(app): State<App>,
    Valid(wanted): Valid<MarkRefundPaid>,
) -> Result<Response, Problem> {
    check_refund(&app, user, id, refund).await?;
    let request = KeyedRequest::of_user(user.id, &format!("mark_refund_paid {id} {refund}"), &key, &wanted)?;
    once(&app, &request, async || {
        let now = app.clock.now();
        let recorded = record_refund_transfer(&app.store, id, refund, &wanted.reference, now, |payment| {
            request.record(StatusCode::OK, &PaymentView::of(payment, None), None, now)
        });
        let (record, messages) = recorded.await.map_err(PaymentProblem::from)?;
        app.dispatch(messages).await;
        Ok(record)
    })
    .await
}
