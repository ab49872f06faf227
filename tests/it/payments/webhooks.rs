//! Webhooks of the gateway: accepted by signature, and only a reason to look the payment up.

use std::time::Duration;

use futures::{StreamExt, stream};
use serde_json::{Value, json};
use shared::config::Secret;
use tests::{
    Reply,
    delivery::STATE,
    gateway::{Call, Fault},
    people::until_decided,
    shop::WEBHOOK_SECRET,
};

use super::Sale;

const PATH: &str = "/v1/payments/webhooks/stripe";

fn event(id: &str, kind: &str, intent: &str) -> String {
    json!({"id": id, "type": kind, "data": {"object": {"id": intent, "object": "payment_intent", "amount": 1}}})
        .to_string()
}

impl Sale {
    /// The gateway sends an event about an intent.
    pub(crate) async fn webhook(&self, id: &str, kind: &str, intent: &str) -> Reply {
        self.signed(event(id, kind, intent)).await
    }

    async fn signed(&self, body: String) -> Reply {
        let signature = payments::sign(body.as_bytes(), &Secret::new(WEBHOOK_SECRET), self.shop.clock.now());
        self.send(&body, &signature).await
    }

    async fn send(&self, body: &str, signature: &str) -> Reply {
        let request = self.shop.request("POST", PATH).header("stripe-signature", signature);
        request.raw("application/json", body).send().await
    }

    /// The gateway has charged the card, and its answer was lost.
    async fn charged_with_lost_answer() -> (Self, String) {
        let sale = Self::ordered().await;
        sale.gateway.fail_next(Call::Confirm, Fault::AnswerLost);
        assert!(!sale.deliver("payment.requested").await);
        let intent = sale.payment().await.transaction_id.clone().unwrap();
        (sale, intent)
    }
}

#[tokio::test]
async fn a_webhook_with_an_invalid_signature_changes_nothing() {
    let (sale, intent) = Sale::charged_with_lost_answer().await;
    let body = event("evt_1", "payment_intent.succeeded", &intent);
    let secret = Secret::new(WEBHOOK_SECRET);
    let now = sale.shop.clock.now();
    let good = payments::sign(body.as_bytes(), &secret, now);
    let before = sale.shop.dump(STATE).await;

    let forged = payments::sign(body.as_bytes(), &Secret::new("whsec_guessed"), now);
    let stale = payments::sign(body.as_bytes(), &secret, now.minus(Duration::from_secs(301)));
    let early = payments::sign(body.as_bytes(), &secret, now.plus(Duration::from_secs(301)));
    for signature in [forged.as_str(), &stale, &early, "", "t=1,v1=00", &good.replace("v1=", "v0=")] {
        sale.send(&body, signature).await.is_problem(400, "invalid_signature");
    }
    let mutated = body.replace("evt_1", "evt_2");
    sale.send(&mutated, &good).await.is_problem(400, "invalid_signature");

    assert_eq!(sale.shop.count("webhooks").await, 0);
    assert_eq!(sale.shop.dump(STATE).await, before);
}

#[tokio::test]
async fn an_event_triggers_a_lookup_that_completes_the_payment() {
    let (sale, intent) = Sale::charged_with_lost_answer().await;
    sale.webhook("evt_1", "payment_intent.succeeded", &intent).await.is(200);
    assert!(sale.shop.deliver(&sale.shop.enqueued("payment.webhookReceived").await).await.is_empty());
    assert!(sale.deliver("order.paid").await);
    sale.is_paid_once().await;
    sale.shop.deliver_everything().await;
    sale.is_paid_once().await;
}

#[tokio::test]
async fn a_thousand_deliveries_of_one_event_have_one_effect() {
    let (sale, intent) = Sale::charged_with_lost_answer().await;
    let body = event("evt_1", "payment_intent.succeeded", &intent);
    let deliveries = stream::iter(0..1000).map(|_| until_decided(async || sale.signed(body.clone()).await));
    let replies: Vec<Reply> = deliveries.buffer_unordered(50).collect().await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1000);
    assert_eq!(sale.shop.enqueued("payment.webhookReceived").await.len(), 1);
    sale.shop.deliver_everything().await;
    sale.is_paid_once().await;
    let before = sale.shop.dump(STATE).await;
    sale.signed(body).await.is(200);
    sale.shop.deliver_everything().await;
    assert_eq!(sale.shop.dump(STATE).await, before);
}

#[tokio::test]
async fn events_in_any_order_lead_to_the_same_end() {
    const KINDS: [&str; 4] = [
        "payment_intent.succeeded",
        "payment_intent.payment_failed",
        "payment_intent.requires_action",
        "payment_intent.created",
    ];
    let (sale, intent) = Sale::charged_with_lost_answer().await;
    for (number, kind) in KINDS.into_iter().enumerate() {
        sale.webhook(&format!("evt_{number}"), kind, &intent).await.is(200);
    }
    let mut messages = sale.shop.enqueued("payment.webhookReceived").await;
    messages.reverse();
    assert!(sale.shop.deliver(&messages).await.is_empty());
    sale.shop.deliver_everything().await;
    sale.is_paid_once().await;
}

#[tokio::test]
async fn an_event_that_contradicts_the_gateway_changes_nothing() {
    let sale = Sale::ordered_with_card("4000000000000341").await;
    sale.shop.deliver_everything().await;
    let before = sale.payment().await;
    let intent = before.transaction_id.clone().unwrap();
    sale.webhook("evt_1", "payment_intent.succeeded", &intent).await.is(200);
    sale.shop.deliver_everything().await;
    let after = sale.payment().await;
    assert_eq!((after.status, after.captured, after.version()), (before.status, before.captured, before.version()));
}

#[tokio::test]
async fn events_about_foreign_intents_are_accepted_and_ignored() {
    let sale = Sale::ordered().await;
    sale.shop.deliver_everything().await;
    let before = sale.shop.dump(&["orders", "payments", "inventory"]).await;
    sale.webhook("evt_1", "payment_intent.succeeded", "pi_of_another_shop").await.is(200);
    let refunded = json!({"object": {"id": "ch_1", "object": "charge", "payment_intent": "pi_of_another_shop"}});
    let without_intent: Value = json!({"object": {"id": "cus_1", "object": "customer"}});
    for (id, data) in [("evt_2", refunded), ("evt_3", without_intent)] {
        sale.signed(json!({"id": id, "type": "something", "data": data}).to_string()).await.is(200);
    }
    sale.shop.deliver_everything().await;
    assert_eq!(sale.shop.dump(&["orders", "payments", "inventory"]).await, before);
}

#[tokio::test]
async fn the_stripe_api_delivers_its_own_webhooks() {
    let sale = Sale::ordered().await;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}{PATH}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, sale.shop.router()).into_future());
    let stripe_api = &sale.shop.place.components.stripe_api;
    local::components::stripe::configure_webhook(stripe_api, "tests", &url, WEBHOOK_SECRET).await.unwrap();

    sale.gateway.fail_next(Call::Confirm, Fault::AnswerLost);
    assert!(!sale.deliver("payment.requested").await);
    let intent = sale.payment().await.transaction_id.clone().unwrap();
    // All tests share the server, so it also sends the events of other tests.
    let message = async {
        loop {
            let messages = sale.shop.enqueued("payment.webhookReceived").await;
            if let Some(about_it) = messages.into_iter().find(|message| message.body.contains(&intent)) {
                return about_it;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let message =
        tokio::time::timeout(Duration::from_secs(60), message).await.expect("the Stripe API sends no webhook");
    assert!(sale.shop.deliver(&[message]).await.is_empty());
    assert!(sale.deliver("order.paid").await);
    sale.is_paid_once().await;
}
