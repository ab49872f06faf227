//! `POST /v1/payments/webhooks/stripe`

use axum::{
    extract::{FromRef, State},
    http::{HeaderMap, StatusCode},
};
use serde::Deserialize;
use serde_json::{Map, Value};
use shared::{
    domain::message::{Event, Message},
    http::{App, Problem, ProblemCode, RawBody},
    store::StoreError,
    transaction,
};

use crate::{PaymentsApp, signature::is_genuine};

/// An event of the gateway, as far as it matters: which intent it is about. Amounts and states are read from the gateway, which
/// is why nothing else is parsed: the gateway repeats an event that is refused for days.
#[derive(Debug, Deserialize)]
struct GatewayEvent {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    data: EventData,
}

#[derive(Debug, Deserialize)]
struct EventData {
    object: Map<String, Value>,
}

impl GatewayEvent {
    /// The intent, where the object is one or names one, by its id or expanded.
    fn intent(&self) -> Option<&str> {
        let object = &self.data.object;
        if object.get("object").is_some_and(|kind| kind == "payment_intent") {
            return object.get("id")?.as_str();
        }
        let intent = object.get("payment_intent")?;
        intent.as_str().or_else(|| intent.get("id")?.as_str())
    }
}

/// Receive a gateway webhook
///
/// Signed by the gateway; acknowledged once it is stored. Events may be duplicated and out of order.
#[utoipa::path(post, path = "/v1/payments/webhooks/stripe", tag = "payments",
    params(("Stripe-Signature" = String, Header)), request_body(content = String, content_type = "application/json"),
    responses((status = 200)))]
pub(crate) async fn receive_stripe_webhook(
    State(state): State<PaymentsApp>,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<StatusCode, Problem> {
    let app = App::from_ref(&state);
    let signature = headers.get("stripe-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !is_genuine(signature, &body, &state.webhook_secret, app.clock.now()) {
        return Err(Problem::new(ProblemCode::InvalidSignature));
    }
    let event: GatewayEvent = serde_json::from_slice(&body)
        .map_err(|_| Problem::new(ProblemCode::MalformedJson).detail("The body is no event of the gateway."))?;
    let message = record(&app, &event).await?;
    app.dispatch(message.into_iter().collect()).await;
    Ok(StatusCode::OK)
}

async fn record(app: &App, event: &GatewayEvent) -> Result<Option<Message>, StoreError> {
    let Some(intent) = event.intent() else { return Ok(None) };
    let store = &app.store;
    let now = app.clock.now();
    transaction!(store, |tx| {
        if !store.webhooks.record_in(tx, &event.id, &event.kind, now).await?.was_executed() {
            return Ok(None);
        }
        let look = Event::PaymentWebhookReceived { event_id: event.id.clone(), intent_id: intent.to_owned() };
        let message = look.now(now);
        store.outbox.enqueue(tx, &message).await?;
        Ok::<_, StoreError>(Some(message))
    })
}
