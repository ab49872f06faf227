//! The pages "Event object", "Types of events" and "Verify webhook signatures".

use serde_json::{Value, json};
use shared::{config::Secret, domain::Timestamp};

use super::state::State;

/// An event as Stripe delivers it.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// `evt_…`; the same in each delivery of the event.
    pub id: String,
    /// `payment_intent.succeeded` and its like.
    pub kind: String,
    /// The object as it was when the event happened.
    pub object: Value,
    /// Seconds since the Unix epoch.
    pub created: i64,
    request: Option<(String, Option<String>)>,
}

impl Event {
    /// The body of the delivery.
    pub fn body(&self) -> String {
        let request = self.request.as_ref();
        json!({
            "id": self.id,
            "object": "event",
            "api_version": "2025-03-31.basil",
            "created": self.created,
            "data": {"object": self.object},
            "livemode": false,
            "pending_webhooks": 1,
            "request": {"id": request.map(|(id, _)| id), "idempotency_key": request.and_then(|(_, key)| key.as_ref())},
            "type": self.kind,
        })
        .to_string()
    }

    /// `Stripe-Signature` of a delivery at this time.
    pub fn signature(&self, secret: &str, at: Timestamp) -> String {
        payments::sign(self.body().as_bytes(), &Secret::new(secret.to_owned()), at)
    }

    /// The intent that the event is about.
    pub fn intent(&self) -> Option<&str> {
        let of = if self.object["object"] == "payment_intent" { &self.object } else { &self.object["payment_intent"] };
        of.as_str().or_else(|| of["id"].as_str())
    }
}

impl State {
    /// Records an event about an object.
    pub(super) fn emit(&mut self, kind: &str, object: &Value) {
        let event = Event {
            id: self.new_id("evt"),
            kind: kind.to_owned(),
            object: object.clone(),
            created: self.now(),
            request: self.request.clone(),
        };
        self.events.push(event);
    }
}
