//! `POST /v1/payments/{id}/refunds/{refundId}/reject`

use axum::{extract::State, response::Response};
use serde::{Deserialize, Serialize};
use shared::{
    app::record_refund::RefundDecision,
    domain::payment::{Payment, Refund},
    http::{
        Admin, App, IdempotencyKey, Problem, Valid,
        idempotency::{KeyedRequest, once},
        path::PathIds,
    },
    validation::{Validate, Violations, rules::lines},
};

use crate::{access::check_refund, refund_decision::decide, view::RefundView};

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
    check_refund(&app, user, id, refund).await?;
    let request = KeyedRequest::of_user(user.id, &format!("reject_refund {id} {refund}"), &key, &wanted)?;
    once(&app, &request, async || decide(&app, &request, id, refund, RefundDecision::Reject(&wanted.reason)).await)
        .await
}
