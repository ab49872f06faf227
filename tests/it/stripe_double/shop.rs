//! A shop that charges at the double, through its own client of Stripe.

use serde_json::json;
use shared::domain::{
    order::OrderStatus,
    payment::{PaymentStatus, RefundStatus},
};
use tests::{
    Person, StripeDouble, TestShop, cards,
    people::checkout_body,
    stripe_double::{Failure, Moved},
};

/// The price of a mug with shipping.
const TOTAL: i64 = 1500;

struct Sale {
    shop: TestShop,
    stripe: StripeDouble,
    ada: Person,
    order: String,
}

impl Sale {
    /// Ada has ordered a mug and pays with this token; no message has been processed.
    async fn ordered(token: &str) -> Self {
        let (shop, stripe) = TestShop::start_with_double().await;
        let mug = shop.stock("MUG-1", 10).await;
        let ada = shop.customer("ada").await;
        ada.add_to_cart(&mug, 1).await.is(200);
        let order = ada.checkout_with("order", checkout_body(token)).await.is(201).id();
        Self { shop, stripe, ada, order }
    }

    async fn moved(&self) -> Moved {
        self.stripe.moved(self.shop.payment_of(&self.order).await.id)
    }

    async fn intent(&self) -> String {
        self.shop.payment_of(&self.order).await.transaction_id.clone().unwrap()
    }

    async fn is_paid_once(&self) {
        let payment = self.shop.payment_of(&self.order).await;
        let status = self.shop.find_order(&self.order).await.status;
        assert_eq!((status, payment.status), (OrderStatus::Processing, PaymentStatus::Completed));
        assert_eq!(self.moved().await, Moved { charged: vec![TOTAL], ..Moved::default() });
        self.shop.verify().await;
    }
}

#[tokio::test]
async fn an_order_is_paid_by_card_at_the_double() {
    for token in [cards::GOOD, "tok_visa"] {
        let sale = Sale::ordered(token).await;
        sale.shop.run_queues().await;
        sale.is_paid_once().await;
        let details = sale.shop.payment_of(&sale.order).await.payment_details.clone().unwrap();
        assert_eq!((details.brand.as_deref(), details.last4.as_deref()), (Some("visa"), Some("4242")));
    }
}

#[tokio::test]
async fn an_order_is_not_paid_by_a_declined_card_at_the_double() {
    let sale = Sale::ordered("pm_card_visa_chargeDeclinedInsufficientFunds").await;
    sale.shop.run_queues().await;
    let payment = sale.shop.payment_of(&sale.order).await;
    let status = sale.shop.find_order(&sale.order).await.status;
    assert_eq!((status, payment.status), (OrderStatus::Pending, PaymentStatus::Failed));
    assert_eq!(payment.failure_reason.as_deref(), Some("Your card has insufficient funds."));
    assert_eq!(sale.moved().await, Moved::default());

    let path = format!("/v1/payments/{}/confirm", payment.id);
    let confirm = sale.ada.request("POST", &path).key("another-card").json(json!({"token": cards::GOOD}));
    confirm.send().await.is(200);
    sale.shop.run_queues().await;
    sale.is_paid_once().await;
    let statuses: Vec<_> = sale.stripe.intents_of(payment.id).iter().map(|intent| intent["status"].clone()).collect();
    assert_eq!(statuses, ["canceled", "succeeded"]);
}

#[tokio::test]
async fn a_lost_answer_of_the_double_is_looked_up() {
    let sale = Sale::ordered(cards::GOOD).await;
    sale.stripe.fail_next("POST", "/v1/payment_intents/*/confirm", Failure::AnswerLost);
    sale.shop.deliver_everything().await;
    sale.is_paid_once().await;
}

#[tokio::test]
async fn signed_events_of_the_double_are_accepted_in_any_order() {
    let sale = Sale::ordered(cards::GOOD).await;
    sale.stripe.fail_next("POST", "/v1/payment_intents/*/confirm", Failure::AnswerLost);
    let requested = sale.shop.enqueued("payment.requested").await;
    assert!(!sale.shop.deliver(&requested).await.is_empty());
    let intent = sale.intent().await;
    let mut events = sale.stripe.events();
    assert_eq!(sale.stripe.event_kinds(&intent).last().map(String::as_str), Some("payment_intent.succeeded"));
    events.reverse();
    for event in events.iter().chain(&events) {
        sale.shop.receive(event).await.is(200);
    }
    let received = sale.shop.enqueued("payment.webhookReceived").await;
    assert_eq!(received.len(), events.len(), "a repeated event is one message");
    assert!(sale.shop.deliver(&received).await.is_empty());
    sale.shop.deliver_everything().await;
    sale.is_paid_once().await;
}

#[tokio::test]
async fn a_cancelled_order_is_refunded_at_the_double() {
    let sale = Sale::ordered(cards::GOOD).await;
    sale.shop.run_queues().await;
    let path = format!("/v1/orders/{}/cancel", sale.order);
    sale.ada.request("POST", &path).key("cancel").send().await.is(200);
    sale.shop.run_queues().await;
    let payment = sale.shop.payment_of(&sale.order).await;
    assert_eq!(payment.refunds[0].status, RefundStatus::Processed);
    assert_eq!(sale.moved().await, Moved { charged: vec![TOTAL], refunded: TOTAL, disputed_lost: 0 });
}
