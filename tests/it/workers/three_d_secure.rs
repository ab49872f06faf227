//! Cards whose owners are asked first.

use shared::domain::{order::OrderStatus, payment::PaymentStatus};
use tests::{cards, stripe_api::NEEDS_AUTHENTICATION};

use super::Sale;

impl Sale {
    /// What the gateway's script in the customer's browser gets.
    pub(super) async fn client_secret(&self) -> String {
        let shown = self.ada.get(&format!("/v1/payments/{}", self.payment().await.id)).await;
        assert_eq!(shown.is(200).json["nextAction"]["type"], "use_stripe_sdk", "{}", shown.json);
        shown.json["clientSecret"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_customer_who_confirms_it_is_her_pays() {
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
    assert!(!format!("{stored:?}").contains("_secret_"), "the client secret is kept nowhere");
}

#[tokio::test]
async fn a_customer_who_says_so_without_doing_it_is_asked_again() {
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
async fn a_customer_who_fails_it_can_take_another_card() {
    let sale = Sale::ordered_with_card(NEEDS_AUTHENTICATION).await;
    sale.shop.deliver_everything().await;
    let secret = sale.client_secret().await;
    sale.stripe.authenticate(&secret, false).await;
    sale.confirm("i-tried", None).await.is(200);
    sale.shop.deliver_everything().await;
    let payment = sale.payment().await;
    assert_eq!((payment.status, payment.action_required), (PaymentStatus::Failed, false));
    assert!(payment.failure_reason.unwrap().contains("failed authentication"));
    sale.confirm("another", Some(cards::GOOD)).await.is(200);
    sale.shop.deliver_everything().await;
    sale.is_paid_once().await;
}

#[tokio::test]
async fn a_customer_who_takes_another_card_instead_is_charged_for_that_one_alone() {
    let sale = Sale::ordered_with_card(NEEDS_AUTHENTICATION).await;
    sale.shop.deliver_everything().await;
    let secret = sale.client_secret().await;
    sale.confirm("another", Some(cards::GOOD)).await.is(200);
    sale.shop.deliver_everything().await;
    sale.is_paid_once().await;
    let intents = sale.stripe.intents_of(sale.payment().await.id).await;
    assert_eq!((&intents[0]["status"], &intents[1]["status"]), (&"canceled".into(), &"succeeded".into()));
    assert_eq!(intents[0]["client_secret"], secret.as_str(), "what the browser still holds opens nothing any more");
}

#[tokio::test]
async fn a_customer_who_confirms_the_first_card_after_all_is_not_charged_for_the_second() {
    let sale = Sale::ordered_with_card(NEEDS_AUTHENTICATION).await;
    sale.shop.deliver_everything().await;
    let secret = sale.client_secret().await;
    sale.confirm("another", Some(cards::GOOD)).await.is(200);
    // Between the wish and the work.
    sale.stripe.authenticate(&secret, true).await;
    sale.shop.deliver_everything().await;
    sale.is_paid_once().await;
    assert_eq!(sale.stripe.intents_of(sale.payment().await.id).await.len(), 1);
}

#[tokio::test]
async fn a_customer_who_walks_away_is_not_charged_later() {
    let sale = Sale::ordered_with_card(NEEDS_AUTHENTICATION).await;
    sale.shop.run_queues().await;
    let secret = sale.client_secret().await;
    sale.shop.clock.advance(super::TOO_LONG);
    sale.shop.run_maintenance().await;
    assert_eq!(sale.status().await, OrderStatus::Pending, "first the charge is called off");
    sale.shop.run_queues().await;
    sale.is_given_up().await;
    let intent = &sale.stripe.intents_of(sale.payment().await.id).await[0];
    assert_eq!((&intent["status"], &intent["client_secret"]), (&"canceled".into(), &secret.as_str().into()));
    assert!(sale.subjects().await.contains(&"Your order was cancelled".to_owned()));
}

#[tokio::test]
async fn a_customer_who_confirms_at_the_last_moment_has_paid() {
    let sale = Sale::ordered_with_card(NEEDS_AUTHENTICATION).await;
    sale.shop.deliver_everything().await;
    let secret = sale.client_secret().await;
    sale.shop.clock.advance(super::TOO_LONG);
    sale.shop.run_maintenance().await;
    sale.stripe.authenticate(&secret, true).await;
    sale.shop.deliver_everything().await;
    sale.is_paid_once().await;
}
