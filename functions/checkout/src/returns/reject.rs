//! `POST /v1/returns/{id}/reject`

use axum::{Json, extract::State};
use serde::Deserialize;
use shared::{
    domain::{
        Id, Timestamp,
        order::{Order, Return},
    },
    http::{Admin, App, OptionalBody, PathId, Problem},
    validation::{Validate, Violations, rules::lines},
};

use super::{
    decide::{Command, decide},
    view::ReturnView,
};

/// The reason.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RejectReturn {
    /// Shown to the customer. Required if the return was approved before.
    reason: Option<String>,
}

impl Validate for RejectReturn {
    fn validate(&self, v: &mut Violations) {
        v.check("reason", &self.reason, lines(500));
    }
}

/// Reject a return
///
/// Its units can be requested again. An approved return can be rejected, with a reason, until its parcel is received.
#[utoipa::path(post, path = "/v1/returns/{id}/reject", tag = "returns", security(("bearer" = [])),
    params(("id" = String, Path)), request_body = Option<RejectReturn>,
    responses((status = 200, body = ReturnView)))]
pub(crate) async fn reject_return(
    _: Admin,
    PathId(id): PathId<Return>,
    State(app): State<App>,
    OptionalBody(wanted): OptionalBody<RejectReturn>,
) -> Result<Json<ReturnView>, Problem> {
    let reason = wanted.reason.as_deref();
    let apply = |order: &mut Order, id: Id<Return>, now: Timestamp| order.reject_return(id, reason, now);
    let command = Command { apply, messages: |_, _, _| Vec::new() };
    Ok(Json(decide(&app, id, &command).await?))
}
