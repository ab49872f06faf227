//! `POST /v1/orders/{id}/cancel`

use axum::{extract::State, http::StatusCode, response::Response};
use serde::{Deserialize, Serialize};
use shared::{
    app::end_order,
    domain::order::Order,
    http::{
        App, IdempotencyKey, OptionalBody, PathId, Problem,
        idempotency::{KeyedRequest, once},
    },
    validation::{Validate, Violations, rules::optional_lines},
};

use super::{problems::cancel_problem, view::OrderView};
use crate::access::{OrderCaller, Visibility, load_order};

/// The reason.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CancelOrder {
    reason: Option<String>,
}

impl Validate for CancelOrder {
    fn validate(&self, v: &mut Violations) {
        v.check("reason", &self.reason, optional_lines(500));
    }
}

/// Cancel an order
///
/// Releases its stock and refunds captured money. A charge that waits for the customer (3-D Secure) is voided; while a charge
/// is in progress the order cannot be cancelled, and `Retry-After` says when to try again. Once a line is shipped or the order
/// has ended, it is 409 `order_not_cancellable`. An order that has expired unpaid can still be cancelled: late money is then
/// refunded and does not reopen it.
#[utoipa::path(post, path = "/v1/orders/{id}/cancel", tag = "orders",
    security(("bearer" = []), ("cartToken" = [])),
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = Option<CancelOrder>, responses((status = 200, body = OrderView)))]
pub(crate) async fn cancel_order(
    caller: OrderCaller,
    PathId(id): PathId<Order>,
    key: IdempotencyKey,
    State(app): State<App>,
    OptionalBody(wanted): OptionalBody<CancelOrder>,
) -> Result<Response, Problem> {
    let (_, visibility) = load_order(&app, &caller, &id.to_string()).await?;
    if let Visibility::Seller(_) = visibility {
        return Err(Problem::not_found("order"));
    }
    let request = KeyedRequest::of_buyer(&caller.buyer(), &format!("cancel_order {id}"), &key, &wanted)?;
    let reason = wanted.reason.as_deref().unwrap_or("cancelled on request");
    once(&app, &request, async || {
        let now = app.clock.now();
        let (record, messages) =
            end_order::cancel_order(&app.store, id, reason, caller.user(), now, |order, payment| {
                request.record(StatusCode::OK, &OrderView::of(order, Some(payment), visibility), None, now)
            })
            .await
            .map_err(cancel_problem)?;
        app.dispatch(messages).await;
        Ok(record)
    })
    .await
}
