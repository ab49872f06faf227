//! `POST /v1/orders/{id}/returns`

use axum::{extract::State, http::StatusCode, response::Response};
use serde::{Deserialize, Serialize};
use shared::{
    domain::{
        Id, Quantity,
        order::{Order, OrderItem, ReturnError},
    },
    http::{
        App, CurrentUser, IdempotencyKey, PathId, Problem, Valid,
        idempotency::{KeyedRequest, once},
    },
    store::{StoreError, idempotency::IdempotencyRecord},
    transaction,
    validation::{
        Validate, Violations,
        rules::{entries, lines},
    },
};

use super::{problems::ReturnProblem, view::ReturnView};

/// The units to return, with the reason.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestReturn {
    items: Vec<ReturnedLine>,
    reason: String,
}

impl Validate for RequestReturn {
    fn validate(&self, v: &mut Violations) {
        v.check("items", &self.items, entries(1..=100));
        v.check("reason", &self.reason, lines(500));
    }
}

/// Units of a line.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ReturnedLine {
    /// The `id` of the order's line.
    #[schema(value_type = String)]
    item_id: Id<OrderItem>,
    quantity: Quantity,
}

/// Request a return
///
/// For shipped lines, also while other lines are not shipped yet. The return waits for approval; the answer has the expected
/// refund. Administrators request returns on behalf of guests.
#[utoipa::path(post, path = "/v1/orders/{id}/returns", tag = "returns", security(("bearer" = [])),
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)), request_body = RequestReturn,
    responses((status = 201, body = ReturnView, headers(("Location" = String)))))]
pub(crate) async fn request_return(
    user: CurrentUser,
    PathId(id): PathId<Order>,
    key: IdempotencyKey,
    State(app): State<App>,
    Valid(wanted): Valid<RequestReturn>,
) -> Result<Response, Problem> {
    let request = KeyedRequest::of_user(user.id, &format!("request_return {id}"), &key, &wanted)?;
    once(&app, &request, async || Ok(carry_out(&app, &request, user, id, &wanted).await?)).await
}

impl RequestReturn {
    fn refused(&self, error: ReturnError) -> ReturnProblem {
        match error {
            ReturnError::Illegal(error) => ReturnProblem::NotReturnable(error),
            ReturnError::UnknownItem(id) => {
                ReturnProblem::UnknownLine(self.items.iter().position(|line| line.item_id == id).unwrap_or_default())
            }
            error => error.into(),
        }
    }
}

async fn carry_out(
    app: &App,
    request: &KeyedRequest,
    user: CurrentUser,
    id: Id<Order>,
    wanted: &RequestReturn,
) -> Result<IdempotencyRecord, ReturnProblem> {
    let items: Vec<_> = wanted.items.iter().map(|line| (line.item_id, line.quantity)).collect();
    let (store, now) = (&app.store, app.clock.now());
    transaction!(store, |tx| {
        let order = store.orders.find_in(tx, id).await?;
        let is_theirs = |order: &Order| user.is_admin() || order.user == Some(user.id);
        let mut order = order.filter(|order| is_theirs(order)).ok_or(ReturnProblem::NotFound("order"))?;
        let payment = store.payments.find_in(tx, order.payment).await?;
        let payment = payment.ok_or_else(|| StoreError::Missing(format!("the payment of order {id}")))?;
        let left = payment.refundable_after_disputes().map_err(ReturnError::from)?;
        let asked = order.request_return(&items, &wanted.reason, left, now).map_err(|error| wanted.refused(error))?;
        store.orders.save_in(tx, &mut order).await?;
        let location = Some(format!("/v1/returns/{}", asked.id));
        let record = request.record(StatusCode::CREATED, &ReturnView::of(&order, &asked), location, now);
        store.idempotency.insert_in(tx, &record, now).await?;
        Ok(record)
    })
}
