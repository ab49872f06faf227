//! `POST /v1/payments/{id}/refunds/{refundId}/retry`

use axum::{extract::State, response::Response};
use shared::{
    app::record_refund::RefundDecision,
    domain::payment::{Payment, Refund},
    http::{
        Admin, App, IdempotencyKey, Problem,
        idempotency::{KeyedRequest, once},
        path::PathIds,
    },
};

use crate::{access::check_refund, refund_decision::decide, view::RefundView};

/// Retry a refund that failed or is stuck
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
    check_refund(&app, user, id, refund).await?;
    let request = KeyedRequest::of_user(user.id, &format!("retry_refund {id} {refund}"), &key, &())?;
    once(&app, &request, async || decide(&app, &request, id, refund, RefundDecision::Retry).await).await
}
