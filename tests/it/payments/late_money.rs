//! A charge that succeeds after its order ended: the order is reopened if it can be, otherwise the money is refunded.

use serde_json::{Value, json};
use shared::domain::{
    order::OrderStatus,
    payment::{Failure, FailureCode, PaymentStatus},
};
use tests::{cards, stripe_api::NEEDS_AUTHENTICATION};

use super::{Sale, TOTAL};

impl Sale {
    /// Ada failed 3-D Secure. The client secret of her browser still works until the intent is voided.
    async fn authentication_failed() -> (Self, String) {
        let sale = Self::open().await;
        let token = sale.stripe.card(NEEDS_AUTHENTICATION).await;
        let sale = sale.order(&token).await;
        let secret = sale.fail_authentication().await;
        (sale, secret)
    }

    async fn fail_authentication(&self) -> String {
        self.shop.deliver_everything().await;
        let mut payment = self.payment().await;
        let intent = self.stripe.intent(payment.transaction_id.as_deref().unwrap()).await;
        assert!(
            payment
                .fail(&Failure::new(FailureCode::AuthenticationFailed, "authentication failed"), self.shop.clock.now())
                .unwrap()
                .was_executed()
        );
        self.shop.store().payments.save(&mut payment).await.unwrap();
        intent["client_secret"].as_str().unwrap().to_owned()
    }

    /// The order expires, and Ada authenticates before the void is delivered.
    async fn pay_after_expiry(&self, secret: &str) {
        self.shop.clock.advance(super::AFTER_EXPIRY);
        assert_eq!(self.shop.run_maintenance().await.expired, 1);
        assert_eq!((self.status().await, self.stock().await.reserved), (OrderStatus::Cancelled, 0));
        self.stripe.authenticate(secret, true).await;
    }

    /// Fails the test unless Ada was refunded once and notified.
    async fn is_refunded(&self) {
        let payment = self.payment().await;
        assert_eq!((self.status().await, payment.status), (OrderStatus::Cancelled, PaymentStatus::Refunded));
        assert_eq!((self.charges().await, self.refunds().await), (vec![TOTAL], vec![TOTAL]));
        let subjects = self.subjects().await;
        assert_eq!(
            subjects.iter().filter(|subject| *subject == "Your refund is on its way").count(),
            1,
            "{subjects:?}"
        );
        self.shop.verify().await;
    }
}

#[tokio::test]
async fn late_money_reopens_the_order_while_there_is_stock() {
    let (sale, secret) = Sale::authentication_failed().await;
    sale.pay_after_expiry(&secret).await;
    sale.shop.deliver_everything().await;
    sale.is_paid_once().await;
    let order = sale.shop.find_order(&sale.order).await;
    let way: Vec<_> = order.timeline.iter().map(|entry| entry.status.as_str()).collect();
    assert_eq!(way, ["pending", "cancelled", "confirmed", "processing"]);
    assert!(sale.subjects().await.contains(&"Your order is paid".to_owned()));
}

#[tokio::test]
async fn late_money_is_refunded_when_the_stock_is_gone() {
    let (sale, secret) = Sale::authentication_failed().await;
    sale.pay_after_expiry(&secret).await;
    sale.shop.customer("bob").await.order(&sale.mug, 10).await.is(201);
    sale.shop.deliver_everything().await;
    sale.is_refunded().await;
    assert_eq!((sale.stock().await.reserved, sale.stock().await.available), (10, 0));
}

#[tokio::test]
async fn late_money_is_refunded_when_the_customer_had_cancelled() {
    let (sale, secret) = Sale::authentication_failed().await;
    sale.cancel().await.is(200);
    sale.stripe.authenticate(&secret, true).await;
    sale.shop.deliver_everything().await;
    sale.is_refunded().await;
    assert_eq!(sale.stock().await.available, 10);
}

#[tokio::test]
async fn late_money_is_refunded_when_the_expired_order_is_cancelled() {
    let (sale, secret) = Sale::authentication_failed().await;
    sale.pay_after_expiry(&secret).await;
    let cancelled = sale.cancel().await;
    assert_eq!(cancelled.is(200).json["status"], "cancelled");
    assert_eq!(sale.cancel().await.header("idempotent-replayed"), Some("true"));
    let path = format!("/v1/orders/{}/cancel", sale.order);
    sale.ada.request("POST", &path).key("another").send().await.is_problem(409, "order_not_cancellable");
    let timeline = sale.shop.find_order(&sale.order).await.into_inner().timeline;
    let by: Vec<_> = timeline.iter().map(|entry| (entry.status.as_str(), entry.updated_by.is_some())).collect();
    assert_eq!(by, [("pending", true), ("cancelled", false), ("cancelled", true)]);
    sale.shop.deliver_everything().await;
    sale.is_refunded().await;
    assert_eq!((sale.stock().await.available, sale.stock().await.reserved), (10, 0), "released once");
}

#[tokio::test]
async fn late_money_reported_twice_is_refunded_once() {
    let (sale, secret) = Sale::authentication_failed().await;
    sale.cancel().await.is(200);
    sale.stripe.authenticate(&secret, true).await;
    let intent = sale.payment().await.transaction_id.clone().unwrap();
    for event in ["evt_1", "evt_2"] {
        sale.webhook(event, "payment_intent.succeeded", &intent).await.is(200);
    }
    let messages = sale.shop.enqueued("payment.webhookReceived").await;
    futures::join!(
        sale.shop.deliver(&messages[..1]),
        sale.shop.deliver(&messages[1..]),
        sale.deliver("payment.voidRequested")
    );
    sale.shop.deliver_everything().await;
    sale.is_refunded().await;
}

#[tokio::test]
async fn late_money_redeems_the_orders_coupon_again() {
    let sale = Sale::with_a_coupon(json!({"perUser": 1})).await;
    let secret = sale.fail_authentication().await;
    sale.pay_after_expiry(&secret).await;
    assert_eq!(sale.redemptions().await, 0, "an order that ended unpaid has redeemed nothing");
    sale.shop.deliver_everything().await;
    assert_eq!((sale.status().await, sale.redemptions().await), (OrderStatus::Processing, 1));
    assert_eq!(sale.charges().await, [1400]);
    sale.shop.verify().await;
}

#[tokio::test]
async fn late_money_is_refunded_when_the_coupon_was_redeemed_elsewhere() {
    for limit in [json!({"perUser": 1}), json!({"total": 1})] {
        let sale = Sale::with_a_coupon(limit).await;
        let secret = sale.fail_authentication().await;
        sale.pay_after_expiry(&secret).await;
        sale.ada.add_to_cart(&sale.mug, 1).await.is(200);
        sale.ada.put("/v1/cart/coupon", json!({"code": "ONCE"})).await.is(200);
        sale.ada.checkout("another-order").await.is(201);
        sale.shop.deliver_everything().await;
        assert_eq!(
            (sale.status().await, sale.payment().await.status),
            (OrderStatus::Cancelled, PaymentStatus::Refunded)
        );
        assert_eq!((sale.charges().await, sale.refunds().await), (vec![1400], vec![1400]));
        assert_eq!(sale.redemptions().await, 1, "the other order's");
        sale.shop.verify().await;
    }
}

impl Sale {
    /// Ada's order has a coupon of 10 % with this usage limit.
    async fn with_a_coupon(limit: Value) -> Self {
        let sale = Self::open().await;
        let coupon = json!({"code": "ONCE", "type": "percentage", "value": 10, "usageLimit": limit});
        sale.shop.admin("root").await.post("/v1/coupons", coupon).await.is(201);
        sale.ada.add_to_cart(&sale.mug, 1).await.is(200);
        sale.ada.put("/v1/cart/coupon", json!({"code": "ONCE"})).await.is(200);
        let token = sale.stripe.card(NEEDS_AUTHENTICATION).await;
        let mut body = tests::people::checkout_body(cards::GOOD);
        body["payment"]["token"] = json!(token);
        let order = sale.ada.checkout_with("order", body).await.is(201).id();
        Self { order, ..sale }
    }

    async fn redemptions(&self) -> i64 {
        self.shop.store().coupons.find_by_code("ONCE").await.unwrap().unwrap().usage_count
    }
}
