//! Declined cards, and orders that expire unpaid.

use shared::domain::{order::OrderStatus, payment::PaymentStatus};
use tests::cards;

use super::Sale;

/// Is declined when it is charged.
const DECLINED: &str = "4000000000000341";

#[tokio::test]
async fn a_declined_card_leaves_the_order_open_for_another() {
    let sale = Sale::ordered_with_card(DECLINED).await;
    sale.shop.run_queues().await;

    let payment = sale.payment().await;
    assert_eq!((sale.status().await, payment.status), (OrderStatus::Pending, PaymentStatus::Failed));
    assert_eq!(payment.failure_reason.as_deref(), Some("Your card was declined."));
    assert_eq!(sale.stock().await.reserved, 1);
    assert!(sale.subjects().await.contains(&"Your payment did not go through".to_owned()));
    let shown = sale.ada.get(&format!("/v1/payments/{}", payment.id)).await;
    assert_eq!(shown.is(200).json["failureReason"], "Your card was declined.");
    sale.shop.verify().await;

    sale.confirm("another-card", Some(cards::GOOD)).await.is(200);
    sale.shop.run_queues().await;
    sale.is_paid_once().await;
    assert_eq!((sale.payment().await.attempts, sale.payment().await.failure_reason.clone()), (2, None));
    let intents = sale.stripe.intents_of(payment.id).await;
    let states: Vec<_> = intents.iter().map(|intent| intent["status"].as_str().unwrap()).collect();
    assert_eq!(states, ["canceled", "succeeded"], "the first attempt can no longer be charged");
    assert!(sale.subjects().await.contains(&"Your order is paid".to_owned()));
}

#[tokio::test]
async fn the_same_card_can_be_tried_again_without_naming_it() {
    let sale = Sale::ordered_with_card(DECLINED).await;
    sale.shop.deliver_everything().await;
    sale.confirm("again", None).await.is(200);
    sale.shop.deliver_everything().await;
    let payment = sale.payment().await;
    assert_eq!((payment.status, payment.attempts), (PaymentStatus::Failed, 2));
    assert_eq!(sale.stripe.intents_of(payment.id).await.len(), 2);
    assert!(sale.charges().await.is_empty());
    sale.shop.verify().await;
}

#[tokio::test]
async fn a_retry_that_is_sent_twice_is_one_attempt() {
    let sale = Sale::ordered_with_card(DECLINED).await;
    sale.shop.deliver_everything().await;
    let first = sale.confirm("retry", Some(cards::GOOD)).await;
    let second = sale.confirm("retry", Some(cards::GOOD)).await;
    assert_eq!((first.is(200).body.clone(), second.header("idempotent-replayed")), (second.body.clone(), Some("true")));
    // A new key does not start a second attempt while the first is in progress.
    sale.confirm("impatient", Some(cards::GOOD)).await.is_problem(409, "payment_not_confirmable");
    sale.shop.deliver_everything().await;
    sale.is_paid_once().await;
    sale.confirm("too-late", Some(cards::GOOD)).await.is_problem(409, "payment_not_confirmable");
}

#[tokio::test]
async fn an_unknown_payment_method_is_declined() {
    let sale = Sale::open().await.order("pm_unknown").await;
    sale.shop.deliver_everything().await;
    let payment = sale.payment().await;
    assert_eq!(payment.failure_reason.as_deref(), Some("the payment method was not accepted"));
    assert_eq!((sale.status().await, payment.status), (OrderStatus::Pending, PaymentStatus::Failed));
    sale.confirm("a-real-one", Some(cards::GOOD)).await.is(200);
    sale.shop.deliver_everything().await;
    sale.is_paid_once().await;
}

#[tokio::test]
async fn an_unpaid_order_expires_and_releases_its_stock() {
    let sale = Sale::ordered_with_card(DECLINED).await;
    sale.shop.run_queues().await;
    assert_eq!(sale.shop.run_maintenance().await.expired, 0, "it has not expired yet");

    sale.shop.clock.advance(super::AFTER_EXPIRY);
    assert_eq!(sale.shop.run_maintenance().await.expired, 1);
    assert_eq!(sale.shop.run_maintenance().await.expired, 0, "it expires once");
    sale.shop.run_queues().await;
    sale.is_cancelled_and_refunded().await;
    assert_eq!(sale.subjects().await.iter().filter(|subject| *subject == "Your order was cancelled").count(), 1);
    sale.confirm("too-late", Some(cards::GOOD)).await.is_problem(409, "payment_not_confirmable");
    let states: Vec<_> = sale.stripe.intents_of(sale.payment().await.id).await;
    assert_eq!(states[0]["status"], "canceled");
}

#[tokio::test]
async fn an_order_whose_payment_never_started_expires_too() {
    let sale = Sale::ordered().await;
    sale.shop.clock.advance(super::AFTER_EXPIRY);
    sale.shop.run_maintenance().await;
    assert_eq!((sale.status().await, sale.payment().await.status), (OrderStatus::Cancelled, PaymentStatus::Failed));
    // `payment.requested` arrives after the expiry.
    sale.shop.deliver_everything().await;
    assert!(sale.charges().await.is_empty());
    sale.is_cancelled_and_refunded().await;
}
