//! `POST /v1/payments/{id}/confirm`

use axum::{extract::State, http::StatusCode, response::Response};
use serde::{Deserialize, Serialize};
use shared::{
    domain::{
        Buyer, Id,
        message::{Event, Message},
        order::OrderStatus,
        payment::{GatewayName, Payment, PaymentSource, PaymentStatus},
        saved_method::SavedMethod,
    },
    gateway::stripe,
    http::{
        App, CurrentBuyer, IdempotencyKey, OptionalBody, PathId, Problem,
        idempotency::{KeyedRequest, once_prepared},
        payment_source::{ambiguous, find_saved_method, mismatch},
        refuse_card_number,
    },
    store::{StoreError, idempotency::IdempotencyRecord},
    transaction,
    validation::{
        Validate, Violations,
        rules::{ascii, length},
    },
};

use crate::{access::load_payment, problems::PaymentProblem, view::PaymentView};

/// A new payment method; empty after 3-D Secure or a redirect.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ConfirmPayment {
    /// The token of another payment method, from the gateway's form.
    token: Option<String>,
    /// A saved payment method instead of `token`.
    #[schema(value_type = Option<String>)]
    saved_method_id: Option<Id<SavedMethod>>,
}

impl Validate for ConfirmPayment {
    fn validate(&self, v: &mut Violations) {
        v.check("token", &self.token, length(1..=255));
        v.check("token", &self.token, ascii);
    }
}

/// Confirm or retry a payment
///
/// After 3-D Secure or a redirect: without a body. After a decline: with the token of another method or a saved one, or without
/// a body to retry the same one. The charge follows asynchronously.
#[utoipa::path(post, path = "/v1/payments/{id}/confirm", tag = "payments",
    security(("bearer" = []), ("cartToken" = [])), params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = Option<ConfirmPayment>, responses((status = 200, body = PaymentView)))]
pub(crate) async fn confirm_payment(
    caller: CurrentBuyer,
    PathId(id): PathId<Payment>,
    key: IdempotencyKey,
    State(app): State<App>,
    OptionalBody(wanted): OptionalBody<ConfirmPayment>,
) -> Result<Response, Problem> {
    let (payment, _) = load_payment(&app, &caller, id).await?;
    let request = KeyedRequest::of_buyer(&caller.buyer, &format!("confirm_payment {id}"), &key, &wanted)?;
    if let Some(token) = &wanted.token {
        refuse_card_number("/token", token)?;
    }
    // A replay of a request answers the same, also if the saved method has been deleted since.
    let preparation = find_source(&app, &caller.buyer, &payment, wanted);
    once_prepared(&app, &request, preparation, async |source| {
        let (record, message) = confirm(&app, &request, id, &source).await?;
        app.dispatch(vec![message]).await;
        Ok(record)
    })
    .await
}

/// What the next attempt charges.
#[derive(Debug)]
enum Source {
    /// The same as the last one.
    Same,
    /// The token of another method.
    Token(PaymentSource),
    /// A saved method.
    Saved(Box<SavedMethod>),
}

/// The payment method that the body names.
async fn find_source(app: &App, buyer: &Buyer, payment: &Payment, wanted: ConfirmPayment) -> Result<Source, Problem> {
    match (wanted.token, wanted.saved_method_id) {
        (None, None) => Ok(Source::Same),
        (Some(_), Some(_)) => Err(ambiguous("/savedMethodId")),
        (Some(token), None) => {
            if stripe::instrument_of(&token).is_some_and(|instrument| !payment.method.accepts(instrument)) {
                return Err(mismatch("/token"));
            }
            Ok(Source::Token(PaymentSource::from_token(token)))
        }
        (None, Some(id)) => {
            let saved = find_saved_method(app, buyer, payment.method, id, "/savedMethodId").await?;
            Ok(Source::Saved(Box::new(saved)))
        }
    }
}

type Confirmed = (IdempotencyRecord, Message);

async fn confirm(
    app: &App,
    request: &KeyedRequest,
    id: Id<Payment>,
    source: &Source,
) -> Result<Confirmed, PaymentProblem> {
    let store = &app.store;
    let now = app.clock.now();
    transaction!(store, |tx| {
        let missing = || StoreError::Missing(format!("payment {id} or its order"));
        let mut payment = store.payments.find_in(tx, id).await?.ok_or_else(missing)?;
        let order = store.orders.find_in(tx, payment.order).await?.ok_or_else(missing)?;
        if payment.gateway != GatewayName::Stripe || order.status != OrderStatus::Pending {
            return Err(PaymentProblem::NotConfirmable);
        }
        let waits = payment.status == PaymentStatus::Processing && payment.action_required;
        let (payment_id, order_id) = (payment.id, order.id);
        let event = if waits && matches!(source, Source::Same) {
            Event::PaymentStatusUnknown { payment_id, order_id }
        } else {
            let token = if let Source::Token(token) = source { Some(token.clone()) } else { None };
            payment.retry(token, now).map_err(|_| PaymentProblem::NotConfirmable)?;
            if let Source::Saved(saved) = source {
                payment.charge_saved(saved);
            }
            Event::PaymentRequested { payment_id, order_id, attempt: payment.attempts }
        };
        let message = event.now(now);
        // Written even if unchanged, so that a concurrent cancellation or expiry of the order conflicts and serialises.
        store.payments.save_in(tx, &mut payment).await?;
        store.outbox.enqueue(tx, &message).await?;
        let record = request.record(StatusCode::OK, &PaymentView::of(&payment, None), None, now);
        store.idempotency.insert_in(tx, &record, now).await?;
        Ok((record, message))
    })
}
