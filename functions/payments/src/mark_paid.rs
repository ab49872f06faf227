//! `POST /v1/payments/{id}/mark-paid`

use axum::{extract::State, http::StatusCode, response::Response};
use serde::{Deserialize, Serialize};
use shared::{
    app::record_payment::{RecordError, record_succeeded_in},
    domain::payment::{GatewayName, Payment},
    http::{
        Admin, App, IdempotencyKey, PathId, Problem, ProblemCode, Valid,
        idempotency::{KeyedRequest, once},
    },
    transaction,
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
        let store = &app.store;
        let now = app.clock.now();
        let settled: Result<_, RecordError> = transaction!(store, |tx| {
            let reference = Some(wanted.reference.as_str());
            let (payment, messages) = record_succeeded_in(store, tx, id, payment.amount, None, reference, now).await?;
            let record = request.record(StatusCode::OK, &PaymentView::of(&payment, None), None, now);
            store.idempotency.insert_in(tx, &record, now).await?;
            Ok((record, messages))
        });
        let (record, messages) = settled.map_err(PaymentProblem::from)?;
        app.dispatch(messages).await;
        Ok(record)
    })
    .await
}
