//! Orders that are cancelled while the gateway waits for 3-D Secure: cancelled at once, and any later charge is refunded.

use futures::future::join;
use serde_json::json;
use shared::domain::{order::OrderStatus, payment::PaymentStatus};
use tests::{
    cards,
    gateway::{Call, Fault, Moment},
    people::checkout_body,
    stripe_api::NEEDS_AUTHENTICATION,
};

use super::{Sale, TOTAL};

impl Sale {
    /// Ada has not authenticated yet. Answers the client secret of her browser.
    async fn awaiting_authentication() -> (Self, String) {
        let sale = Self::ordered_with_card(NEEDS_AUTHENTICATION).await;
        sale.shop.deliver_everything().await;
        let secret = sale.client_secret().await;
        (sale, secret)
    }

    /// The status of the order's one intent at the gateway.
    async fn intent_status(&self) -> String {
        let intents = self.stripe.intents_of(self.payment().await.id).await;
        assert_eq!(intents.len(), 1);
        intents[0]["status"].as_str().unwrap().to_owned()
    }

    /// Fails the test unless the order is cancelled and nothing was or can be charged for it.
    async fn is_cancelled_uncharged(&self) {
        self.is_cancelled_and_refunded().await;
        assert_eq!(self.payment().await.status, PaymentStatus::Failed);
        assert_eq!((self.charges().await, self.intent_status().await), (vec![], "canceled".to_owned()));
    }

    /// Fails the test unless the order stayed cancelled and its late money was refunded once.
    async fn is_refunded_once(&self) {
        self.is_cancelled_and_refunded().await;
        let payment = self.payment().await;
        assert_eq!((payment.status, payment.refunds.len()), (PaymentStatus::Refunded, 1));
        assert_eq!((self.charges().await, self.refunds().await), (vec![TOTAL], vec![TOTAL]));
        let order = self.shop.find_order(&self.order).await;
        let way: Vec<_> = order.timeline.iter().map(|entry| entry.status.as_str()).collect();
        assert_eq!(way, ["pending", "cancelled"], "it is not reopened");
        let subjects = self.subjects().await;
        assert_eq!(
            subjects.iter().filter(|subject| *subject == "Your refund is on its way").count(),
            1,
            "{subjects:?}"
        );
    }
}

#[tokio::test]
async fn a_customer_can_cancel_instead_of_authenticating() {
    let (sale, _) = Sale::awaiting_authentication().await;
    let cancelled = sale.cancel().await;
    assert_eq!(cancelled.is(200).json["status"], "cancelled");
    assert_eq!(cancelled.json["payment"]["status"], "failed");
    // One transaction cancels, releases and enqueues: no message has been processed yet.
    assert_eq!((sale.stock().await.reserved, sale.stock().await.available), (0, 10));
    assert_eq!(sale.shop.enqueued_about("payment.voidRequested", &sale.order).await.len(), 1);
    let shown = sale.ada.get(&format!("/v1/payments/{}", sale.payment().await.id)).await;
    assert_eq!(shown.is(200).json["failureReason"], "the order was cancelled");
    assert!(shown.json.get("clientSecret").is_none() && shown.json.get("nextAction").is_none(), "{}", shown.json);
    sale.shop.verify().await;

    let again = sale.cancel().await;
    assert_eq!((again.header("idempotent-replayed"), &again.body), (Some("true"), &cancelled.body));
    sale.shop.deliver_everything().await;
    sale.is_cancelled_uncharged().await;
    let subjects = sale.subjects().await;
    assert_eq!(subjects, ["We have received your order", "Your order was cancelled"]);
}

#[tokio::test]
async fn an_administrator_can_cancel_during_authentication() {
    let (sale, _) = Sale::awaiting_authentication().await;
    let admin = sale.shop.admin("root").await;
    admin.request("POST", &format!("/v1/orders/{}/cancel", sale.order)).key("cancel").send().await.is(200);
    sale.shop.run_queues().await;
    sale.is_cancelled_uncharged().await;
}

#[tokio::test]
async fn the_coupon_of_a_cancelled_order_can_be_used_again_at_once() {
    let sale = Sale::open().await;
    let coupon = json!({"code": "ONCE", "type": "percentage", "value": 10, "usageLimit": {"perUser": 1}});
    sale.shop.admin("root").await.post("/v1/coupons", coupon).await.is(201);
    let card = sale.stripe.card(NEEDS_AUTHENTICATION).await;
    let mut orders = Vec::new();
    for key in ["first", "second"] {
        sale.ada.add_to_cart(&sale.mug, 1).await.is(200);
        sale.ada.put("/v1/cart/coupon", json!({"code": "ONCE"})).await.is(200);
        let mut body = checkout_body(cards::GOOD);
        body["payment"]["token"] = json!(card);
        orders.push(sale.ada.checkout_with(key, body).await.is(201).id());
        sale.shop.deliver_everything().await;
        let path = format!("/v1/orders/{}/cancel", orders.last().unwrap());
        sale.ada.request("POST", &path).key(key).send().await.is(200);
    }
    sale.shop.deliver_everything().await;
    assert_eq!(sale.shop.count("couponUses").await, 0);
    sale.shop.verify().await;
}

#[tokio::test]
async fn money_captured_between_cancellation_and_void_is_refunded() {
    let (sale, secret) = Sale::awaiting_authentication().await;
    sale.cancel().await.is(200);
    sale.stripe.authenticate(&secret, true).await;
    // The shop no longer accepts a confirmation.
    sale.confirm("i-did-it", None).await.is_problem(409, "payment_not_confirmable");
    sale.confirm("another", Some(cards::GOOD)).await.is_problem(409, "payment_not_confirmable");
    sale.shop.deliver_everything().await;
    sale.is_refunded_once().await;
}

#[tokio::test]
async fn a_confirmation_enqueued_before_the_cancellation_changes_nothing() {
    for is_done in [false, true] {
        for lookup_first in [false, true] {
            let (sale, secret) = Sale::awaiting_authentication().await;
            sale.confirm("i-did-it", None).await.is(200);
            sale.cancel().await.is(200);
            if is_done {
                sale.stripe.authenticate(&secret, true).await;
            }
            let mut messages = ["payment.statusUnknown", "payment.voidRequested"];
            if !lookup_first {
                messages.reverse();
            }
            for message in messages {
                assert!(sale.deliver(message).await, "{message}");
            }
            sale.shop.deliver_everything().await;
            if is_done {
                sale.is_refunded_once().await;
            } else {
                sale.is_cancelled_uncharged().await;
            }
        }
    }
}

#[tokio::test]
async fn retrying_with_another_card_and_cancelling_exclude_each_other() {
    let (sale, _) = Sale::awaiting_authentication().await;
    let (confirmed, cancelled) = join(sale.confirm("another", Some(cards::GOOD)), sale.cancel()).await;
    if cancelled.status.as_u16() == 200 {
        confirmed.is_problem(409, "payment_not_confirmable");
        sale.shop.deliver_everything().await;
        sale.is_cancelled_uncharged().await;
    } else {
        confirmed.is(200);
        cancelled.is_problem(409, "order_not_cancellable");
        assert_eq!(cancelled.header("retry-after"), Some("60"));
        sale.shop.deliver_everything().await;
        sale.is_paid_once().await;
    }
}

#[tokio::test]
async fn a_void_delivered_twice_or_without_an_answer_is_one_void() {
    let (sale, _) = Sale::awaiting_authentication().await;
    sale.cancel().await.is(200);
    let void = sale.message("payment.voidRequested").await;
    sale.gateway.fail_next(Call::Cancel, Fault::AnswerLost);
    assert!(!sale.deliver("payment.voidRequested").await, "it is retried");
    let both = [void.clone(), void.clone()];
    join(sale.shop.deliver(&both[..1]), sale.shop.deliver(&both[1..])).await;
    sale.shop.deliver_everything().await;
    let before = sale.shop.dump(&["orders", "payments", "inventory", "outbox"]).await;
    // The states alone make a repeat harmless, without the record of processed messages.
    sale.shop
        .store()
        .database()
        .collection::<bson::Document>("processedMessages")
        .delete_many(bson::doc! {})
        .await
        .unwrap();
    assert!(sale.shop.deliver(&[void]).await.is_empty());
    assert_eq!(sale.shop.dump(&["orders", "payments", "inventory", "outbox"]).await, before);
    sale.is_cancelled_uncharged().await;
}

#[tokio::test]
async fn a_webhook_after_the_cancellation_leads_to_one_refund() {
    for void_first in [false, true] {
        let (sale, secret) = Sale::awaiting_authentication().await;
        sale.cancel().await.is(200);
        sale.stripe.authenticate(&secret, true).await;
        let intent = sale.payment().await.transaction_id.clone().unwrap();
        if void_first {
            assert!(sale.deliver("payment.voidRequested").await);
        }
        for event in ["evt_1", "evt_2"] {
            sale.webhook(&format!("{event}-{}", sale.order), "payment_intent.succeeded", &intent).await.is(200);
        }
        sale.shop.deliver_everything().await;
        sale.is_refunded_once().await;
    }
}

#[tokio::test]
async fn a_webhook_about_a_cancelled_intent_changes_nothing() {
    let (sale, _) = Sale::awaiting_authentication().await;
    sale.cancel().await.is(200);
    sale.shop.deliver_everything().await;
    let intent = sale.payment().await.transaction_id.clone().unwrap();
    sale.webhook("evt_1", "payment_intent.canceled", &intent).await.is(200);
    sale.shop.deliver_everything().await;
    sale.is_cancelled_uncharged().await;
}

#[tokio::test]
async fn money_captured_during_the_void_is_refunded() {
    for moment in [Moment::Before, Moment::After] {
        let (sale, secret) = Sale::awaiting_authentication().await;
        sale.cancel().await.is(200);
        let blocked = sale.gateway.block_next(Call::Cancel, moment);
        let voiding = sale.deliver("payment.voidRequested");
        let paying = async {
            blocked.arrived().await;
            if moment == Moment::Before {
                sale.stripe.authenticate(&secret, true).await;
            }
            drop(blocked);
        };
        assert!(futures::join!(voiding, paying).0);
        sale.shop.deliver_everything().await;
        match moment {
            Moment::Before => sale.is_refunded_once().await,
            Moment::After => sale.is_cancelled_uncharged().await,
        }
    }
}

#[tokio::test]
async fn an_order_paid_before_its_cancellation_is_refunded() {
    let (sale, secret) = Sale::awaiting_authentication().await;
    sale.stripe.authenticate(&secret, true).await;
    let intent = sale.payment().await.transaction_id.clone().unwrap();
    sale.webhook("evt_1", "payment_intent.succeeded", &intent).await.is(200);
    let (cancelled, _) =
        join(sale.cancel(), sale.shop.deliver(&[sale.shop.enqueued("payment.webhookReceived").await.remove(0)])).await;
    cancelled.is(200);
    sale.shop.deliver_everything().await;
    assert_eq!((sale.status().await, sale.payment().await.status), (OrderStatus::Cancelled, PaymentStatus::Refunded));
    assert_eq!((sale.charges().await, sale.refunds().await), (vec![TOTAL], vec![TOTAL]));
    sale.is_cancelled_and_refunded().await;
}
