//! `POST /v1/payments/{id}/mark-paid`

use axum::{extract::State, http::StatusCode, response::Response};
use serde::{Deserialize, Serialize};
use shared::{
    app::record_transfer::record_payment_transfer,
    domain::payment::{GatewayName, Payment},
    http::{
        Admin, App, IdempotencyKey, PathId, Problem, ProblemCode, Valid,
        idempotency::{KeyedRequest, once},
    },
    validation::{Validate, Violations, rules::line},
};

use crate::{access::load_payment, problems::PaymentProblem, view::PaymentView};

/// The bank transfer.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MarkPaid {
    /// The reference of the transfer.
    pub(crate) reference: String,
}

impl Validate for MarkPaid {
    fn validate(&self, v: &mut Violations) {
        v.check("reference", &self.reference, line(200));
    }
}

/// Mark a payment as paid
///
/// For bank transfers. An order that has expired meanwhile is reopened if its stock can be reserved again; otherwise the amount
/// is refunded.
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
    let (payment, _) = load_payment(&app, &user.into(), id).await?;
    if payment.gateway != GatewayName::BankTransfer {
        return Err(Problem::new(ProblemCode::IllegalTransition)
            .detail("Only a bank transfer can be marked as paid; other payments are reported by the gateway."));
    }
    let request = KeyedRequest::of_user(user.id, &format!("mark_payment_paid {id}"), &key, &wanted)?;
    once(&app, &request, async || {
        let now = app.clock.now();
        let recorded = record_payment_transfer(&app.store, id, payment.amount, &wanted.reference, now, |payment| {
            request.record(StatusCode::OK, &PaymentView::of(payment, None), None, now)
        });
        let (record, messages) = recorded.await.map_err(PaymentProblem::from)?;
        app.dispatch(messages).await;
        Ok(record)
    })
    .await
}
