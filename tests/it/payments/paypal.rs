//! PayPal by Stripe, with its redirect, and payment methods that contradict their token.

use serde_json::{Value, json};
use shared::domain::{
    order::OrderStatus,
    payment::{FailureCode, PaymentStatus},
};
use tests::{
    Person, Reply, StripeDouble, TestShop, cards,
    people::checkout_body,
    stripe_double::{Failure, Moved},
};

use super::TOTAL;

/// Ada has a mug in her cart, and pays at the double.
struct Till {
    shop: TestShop,
    stripe: StripeDouble,
    ada: Person,
    mug: String,
}

impl Till {
    async fn open() -> Self {
        let (shop, stripe) = TestShop::start_with_double().await;
        let mug = shop.stock("MUG-1", 10).await;
        let ada = shop.customer("ada").await;
        ada.add_to_cart(&mug, 1).await.is(200);
        Self { shop, stripe, ada, mug }
    }

    async fn pay(&self, key: &str, payment: Value) -> Reply {
        let mut body = checkout_body(cards::GOOD);
        body["payment"] = payment;
        self.ada.checkout_with(key, body).await
    }

    async fn confirm(&self, order: &str, key: &str) {
        let path = format!("/v1/payments/{}/confirm", self.shop.payment_of(order).await.id);
        self.ada.request("POST", &path).key(key).json(json!({})).send().await.is(200);
        self.shop.deliver_everything().await;
    }

    async fn status(&self, order: &str) -> (OrderStatus, PaymentStatus) {
        (self.shop.find_order(order).await.status, self.shop.payment_of(order).await.status)
    }

    async fn moved(&self, order: &str) -> Moved {
        self.stripe.moved(self.shop.payment_of(order).await.id)
    }

    async fn intent(&self, order: &str) -> String {
        self.shop.payment_of(order).await.transaction_id.clone().unwrap()
    }
}

// M11
#[tokio::test]
async fn paypal_is_paid_after_the_redirect() {
    let till = Till::open().await;
    let placed = till.pay("order", json!({"method": "paypal"})).await.is(201).json.clone();
    let order = placed["id"].as_str().unwrap();
    till.shop.deliver_everything().await;

    let payment = till.shop.payment_of(order).await;
    assert!(payment.action_required);
    let intent = till.stripe.intent(&till.intent(order).await);
    let redirect = &intent["next_action"]["redirect_to_url"];
    let page = format!("http://shop.example.test/orders/{}/payment", placed["orderNumber"].as_str().unwrap());
    assert_eq!(redirect["return_url"], page);
    let next = json!({"type": "redirect", "url": redirect["url"]});
    let shown = till.ada.get(&format!("/v1/payments/{}", payment.id)).await;
    assert_eq!((&shown.is(200).json["nextAction"], shown.json.get("clientSecret")), (&next, None));
    let shown = till.ada.get(&format!("/v1/orders/{order}")).await;
    assert_eq!(shown.is(200).json["payment"]["nextAction"], next);
    let stored = ["payments", "orders", "outbox", "idempotency"];
    let stored = futures::future::join_all(stored.map(|name| till.shop.all::<bson::Document>(name))).await;
    let stored = format!("{stored:?}");
    assert!(!stored.contains("_secret_") && !stored.contains("hooks.stripe.test"), "{stored}");

    till.stripe.complete_action(intent["id"].as_str().unwrap(), true);
    till.confirm(order, "back").await;
    assert_eq!(till.status(order).await, (OrderStatus::Processing, PaymentStatus::Completed));
    assert_eq!(till.moved(order).await, Moved { charged: vec![TOTAL], ..Moved::default() });
    till.shop.verify().await;
}

// M11
#[tokio::test]
async fn a_redirect_that_failed_can_be_tried_again() {
    let till = Till::open().await;
    let order = till.pay("order", json!({"method": "paypal"})).await.is(201).id();
    till.shop.deliver_everything().await;
    till.stripe.complete_action(&till.intent(&order).await, false);
    till.confirm(&order, "back").await;
    assert_eq!(till.status(&order).await, (OrderStatus::Pending, PaymentStatus::Failed));
    assert_eq!(till.shop.payment_of(&order).await.failure_code, Some(FailureCode::AuthenticationFailed));
    till.confirm(&order, "again").await;
    till.stripe.complete_action(&till.intent(&order).await, true);
    till.confirm(&order, "back-again").await;
    assert_eq!(till.status(&order).await, (OrderStatus::Processing, PaymentStatus::Completed));
    assert_eq!(till.moved(&order).await, Moved { charged: vec![TOTAL], ..Moved::default() });
}

#[tokio::test]
async fn an_order_shows_3d_secure_and_says_when_it_cannot() {
    let till = Till::open().await;
    let token = till.stripe.card("4000002500003155");
    let order = till.pay("order", json!({"method": "credit_card", "token": token})).await.is(201).id();
    till.shop.deliver_everything().await;
    let path = format!("/v1/orders/{order}");
    let payment = till.ada.get(&path).await.is(200).json["payment"].clone();
    assert_eq!(payment["nextAction"], json!({"type": "use_stripe_sdk"}));
    assert!(payment["clientSecret"].as_str().unwrap().starts_with("pi_"));
    till.stripe.fail_next("GET", "/v1/payment_intents/*", Failure::RequestLost);
    let payment = till.ada.get(&path).await.is(200).json["payment"].clone();
    assert_eq!((&payment["nextActionUnavailable"], payment.get("nextAction")), (&json!(true), None));
    let admin = till.shop.admin("root").await.get(&path).await.is(200).json["payment"].clone();
    assert_eq!(admin.get("clientSecret"), None, "it is the customer's");
}

// M11
#[tokio::test]
async fn a_card_token_contradicts_paypal_at_checkout_and_at_a_retry() {
    let till = Till::open().await;
    let refused = till.pay("order", json!({"method": "paypal", "token": "tok_visa"})).await;
    assert_eq!(refused.is_problem(422, "payment_method_mismatch").json["errors"][0]["pointer"], "/payment/token");
    assert_eq!((till.shop.count("orders").await, till.shop.stock_of("MUG-1").await.reserved), (0, 0));

    let order = till.pay("order", json!({"method": "paypal"})).await.is(201).id();
    till.shop.deliver_everything().await;
    let path = format!("/v1/payments/{}/confirm", till.shop.payment_of(&order).await.id);
    let refused = till.ada.request("POST", &path).key("retry").json(json!({"token": "tok_visa"})).send().await;
    assert_eq!(refused.is_problem(422, "payment_method_mismatch").json["errors"][0]["pointer"], "/token");
}

// M11
#[tokio::test]
async fn a_token_of_another_kind_than_the_payment_method_is_not_charged() {
    let till = Till::open().await;
    let (card, paypal) = (till.stripe.card("4242424242424242"), till.stripe.method("paypal"));
    for (method, token) in [("paypal", &card), ("credit_card", &paypal), ("debit_card", &card)] {
        till.ada.add_to_cart(&till.mug, 1).await.is(200);
        let order = till.pay(method, json!({"method": method, "token": token})).await.is(201).id();
        till.shop.deliver_everything().await;
        let failure = till.shop.payment_of(&order).await.failure_code;
        assert_eq!(failure, Some(FailureCode::InvalidPaymentMethod), "{method}");
        assert_eq!(till.status(&order).await, (OrderStatus::Pending, PaymentStatus::Failed), "{method}");
        assert_eq!(till.moved(&order).await, Moved::default(), "{method}");
    }
}

// M11
#[tokio::test]
async fn a_token_of_the_kind_of_the_payment_method_is_charged() {
    let till = Till::open().await;
    let (debit, paypal) = (till.stripe.card("4000056655665556"), till.stripe.method("paypal"));
    for (key, method, token) in [
        ("debit", "debit_card", debit.as_str()),
        ("paypal", "paypal", paypal.as_str()),
        ("any-card", "stripe", cards::GOOD),
        ("any-token", "stripe", "tok_visa"),
        ("any-paypal", "stripe", &till.stripe.method("paypal")),
    ] {
        till.ada.add_to_cart(&till.mug, 1).await.is(200);
        let order = till.pay(key, json!({"method": method, "token": token})).await.is(201).id();
        till.shop.deliver_everything().await;
        if till.shop.payment_of(&order).await.action_required {
            till.stripe.complete_action(&till.intent(&order).await, true);
            till.confirm(&order, &format!("{key}-back")).await;
        }
        assert_eq!(till.moved(&order).await.charged.len(), 1, "{key}");
        assert_eq!(till.status(&order).await, (OrderStatus::Processing, PaymentStatus::Completed), "{key}");
    }
}
