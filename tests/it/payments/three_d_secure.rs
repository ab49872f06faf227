//! Cards that require 3-D Secure.

use shared::domain::{order::OrderStatus, payment::PaymentStatus};
use tests::{cards, stripe_api::NEEDS_AUTHENTICATION};

use super::Sale;

impl Sale {
    /// The client secret that the gateway's script in the browser needs.
    pub(super) async fn client_secret(&self) -> String {
        let shown = self.ada.get(&format!("/v1/payments/{}", self.payment().await.id)).await;
        assert_eq!(shown.is(200).json["nextAction"]["type"], "use_stripe_sdk", "{}", shown.json);
        shown.json["clientSecret"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_customer_who_authenticates_pays() {
    let sale = Sale::ordered_with_card(NEEDS_AUTHENTICATION).await;
    sale.shop.run_queues().await;
    let payment = sale.payment().await;
    assert_eq!((payment.status, payment.action_required), (PaymentStatus::Processing, true));
    assert_eq!((sale.status().await, sale.charges().await), (OrderStatus::Pending, vec![]));
    sale.shop.verify().await;

    let secret = sale.client_secret().await;
    sale.stripe.authenticate(&secret, true).await;
    sale.confirm("i-did-it", None).await.is(200);
    sale.shop.run_queues().await;
    sale.is_paid_once().await;
    let shown = sale.ada.get(&format!("/v1/payments/{}", payment.id)).await;
    assert!(shown.json.get("clientSecret").is_none() && shown.json.get("nextAction").is_none(), "{}", shown.json);
    let stored = sale.shop.dump(&["payments", "orders", "outbox", "idempotency"]).await;
    assert!(!format!("{stored:?}").contains("_secret_"), "the client secret is not stored");
}

#[tokio::test]
async fn confirming_without_authentication_requires_it_again() {
    let sale = Sale::ordered_with_card(NEEDS_AUTHENTICATION).await;
    sale.shop.deliver_everything().await;
    sale.confirm("i-did-it", None).await.is(200);
    sale.shop.deliver_everything().await;
    assert_eq!((sale.status().await, sale.charges().await), (OrderStatus::Pending, vec![]));
    let secret = sale.client_secret().await;
    sale.stripe.authenticate(&secret, true).await;
    sale.confirm("now-really", None).await.is(200);
    sale.shop.deliver_everything().await;
    sale.is_paid_once().await;
}

#[tokio::test]
async fn after_a_failed_authentication_another_card_can_be_used() {
    let sale = Sale::ordered_with_card(NEEDS_AUTHENTICATION).await;
    sale.shop.deliver_everything().await;
    let secret = sale.client_secret().await;
    sale.stripe.authenticate(&secret, false).await;
    sale.confirm("i-tried", None).await.is(200);
    sale.shop.deliver_everything().await;
    let payment = sale.payment().await;
    assert_eq!((payment.status, payment.action_required), (PaymentStatus::Failed, false));
    assert!(payment.failure_reason.as_ref().unwrap().contains("failed authentication"));
    sale.confirm("another", Some(cards::GOOD)).await.is(200);
    sale.shop.deliver_everything().await;
    sale.is_paid_once().await;
}

#[tokio::test]
async fn with_another_card_only_that_one_is_charged() {
    let sale = Sale::ordered_with_card(NEEDS_AUTHENTICATION).await;
    sale.shop.deliver_everything().await;
    let secret = sale.client_secret().await;
    sale.confirm("another", Some(cards::GOOD)).await.is(200);
    sale.shop.deliver_everything().await;
    sale.is_paid_once().await;
    let intents = sale.stripe.intents_of(sale.payment().await.id).await;
    assert_eq!((&intents[0]["status"], &intents[1]["status"]), (&"canceled".into(), &"succeeded".into()));
    assert_eq!(intents[0]["client_secret"], secret.as_str(), "the old client secret no longer works");
}

#[tokio::test]
async fn authenticating_the_first_card_after_all_does_not_charge_the_second() {
    let sale = Sale::ordered_with_card(NEEDS_AUTHENTICATION).await;
    sale.shop.deliver_everything().await;
    let secret = sale.client_secret().await;
    sale.confirm("another", Some(cards::GOOD)).await.is(200);
    // Between the request and its message.
    sale.stripe.authenticate(&secret, true).await;
    sale.shop.deliver_everything().await;
    sale.is_paid_once().await;
    assert_eq!(sale.stripe.intents_of(sale.payment().await.id).await.len(), 1);
}

#[tokio::test]
async fn an_abandoned_authentication_is_never_charged() {
    let sale = Sale::ordered_with_card(NEEDS_AUTHENTICATION).await;
    sale.shop.run_queues().await;
    let secret = sale.client_secret().await;
    sale.shop.clock.advance(super::AFTER_EXPIRY);
    sale.shop.run_maintenance().await;
    assert_eq!(sale.status().await, OrderStatus::Pending, "the charge is voided first");
    sale.shop.run_queues().await;
    sale.is_cancelled_and_refunded().await;
    let intent = &sale.stripe.intents_of(sale.payment().await.id).await[0];
    assert_eq!((&intent["status"], &intent["client_secret"]), (&"canceled".into(), &secret.as_str().into()));
    assert!(sale.subjects().await.contains(&"Your order was cancelled".to_owned()));
}

#[tokio::test]
async fn an_authentication_at_the_last_moment_completes_the_payment() {
    let sale = Sale::ordered_with_card(NEEDS_AUTHENTICATION).await;
    sale.shop.deliver_everything().await;
    let secret = sale.client_secret().await;
    sale.shop.clock.advance(super::AFTER_EXPIRY);
    sale.shop.run_maintenance().await;
    sale.stripe.authenticate(&secret, true).await;
    sale.shop.deliver_everything().await;
    sale.is_paid_once().await;
}
