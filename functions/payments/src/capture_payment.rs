//! `POST /v1/payments/{id}/capture`

use axum::{extract::State, http::StatusCode, response::Response};
use serde::{Deserialize, Serialize};
use shared::{
    domain::{
        Id, Money,
        message::{Event, Message},
        payment::{CaptureError, Payment},
    },
    http::{
        Admin, App, IdempotencyKey, OptionalBody, PathId, Problem,
        idempotency::{KeyedRequest, once},
    },
    store::{StoreError, idempotency::IdempotencyRecord},
    transaction,
    validation::{Validate, Violations, rules::positive},
};

use crate::{
    access::load_payment,
    problems::{PaymentProblem, check_step},
    view::CaptureView,
};

/// The amount.
#[derive(Debug, Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CapturePayment {
    /// Defaults to everything that is authorised and not captured yet.
    amount: Option<Money>,
}

impl Validate for CapturePayment {
    fn validate(&self, v: &mut Violations) {
        v.check("amount", &self.amount, positive);
    }
}

/// Capture a payment
///
/// For a payment that is captured on shipping, before a parcel does it. The gateway captures asynchronously: poll the
/// capture's `status`. Where the card can be captured once only, a part releases the rest.
#[utoipa::path(post, path = "/v1/payments/{id}/capture", tag = "payments", security(("bearer" = [])),
    params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = Option<CapturePayment>, responses((status = 202, body = CaptureView)))]
pub(crate) async fn capture_payment(
    Admin(user): Admin,
    PathId(id): PathId<Payment>,
    key: IdempotencyKey,
    State(app): State<App>,
    OptionalBody(wanted): OptionalBody<CapturePayment>,
) -> Result<Response, Problem> {
    let (payment, _) = load_payment(&app, &user.into(), id).await?;
    check_step(&payment, wanted.amount)?;
    let request = KeyedRequest::of_user(user.id, &format!("capture_payment {id}"), &key, &wanted)?;
    once(&app, &request, async || {
        let (record, message) = capture(&app, &request, id, wanted.amount).await?;
        app.dispatch(vec![message]).await;
        Ok(record)
    })
    .await
}

async fn capture(
    app: &App,
    request: &KeyedRequest,
    id: Id<Payment>,
    amount: Option<Money>,
) -> Result<(IdempotencyRecord, Message), PaymentProblem> {
    let store = &app.store;
    let now = app.clock.now();
    transaction!(store, |tx| {
        let found = store.payments.find_in(tx, id).await?;
        let mut payment = found.ok_or_else(|| StoreError::Missing(format!("payment {id}")))?;
        let amount = match amount {
            Some(amount) => amount,
            None => payment.capturable().map_err(CaptureError::from)?,
        };
        let capture_id = payment.request_capture(amount, None, now)?;
        let (payment_id, order_id) = (payment.id, payment.order);
        let message = Event::PaymentCaptureRequested { payment_id, order_id, capture_id }.now(now);
        store.payments.save_in(tx, &mut payment).await?;
        store.outbox.enqueue(tx, &message).await?;
        let made = payment.captures.iter().find(|each| each.id == capture_id).map(CaptureView::of);
        let record = request.record(StatusCode::ACCEPTED, &made, None, now);
        store.idempotency.insert_in(tx, &record, now).await?;
        Ok((record, message))
    })
}
