//! Against a gateway that refuses, changes its mind and has a person's hand in it: everything ends, and the books agree.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};
use shared::{
    config::Secret,
    domain::{
        order::OrderStatus,
        payment::{DisputeStatus, FailureCode, Payment, PaymentStatus, RefundOrigin, RefundStatus},
    },
    store::Versioned,
};
use tests::{
    Person, Reply, StripeDouble, TestShop, people::checkout_body, shop::WEBHOOK_SECRET,
    stripe_double::NEEDS_AUTHENTICATION,
};

use super::{AFTER_EXPIRY, TOTAL};

/// Longer than the time after which maintenance resumes what may be a dead letter.
const RESUME: Duration = Duration::from_secs(11 * 60);

/// An order whose gateway is the double.
struct Trade {
    shop: TestShop,
    stripe: StripeDouble,
    ada: Person,
    admin: Person,
    order: String,
}

impl Trade {
    async fn ordered(token: &str) -> Self {
        let stripe = StripeDouble::start().await;
        let client = Arc::new(stripe.client());
        let shop = TestShop::start_with(|_| client).await;
        let mug = shop.stock("MUG-1", 10).await;
        let (ada, admin) = (shop.customer("ada").await, shop.admin("root").await);
        ada.add_to_cart(&mug, 1).await.is(200);
        let order = ada.checkout_with("order", checkout_body(token)).await.is(201).id();
        Self { shop, stripe, ada, admin, order }
    }

    /// Charged; the order is being picked.
    async fn paid() -> Self {
        let trade = Self::ordered("pm_card_visa").await;
        trade.shop.deliver_everything().await;
        assert_eq!(trade.status().await, OrderStatus::Processing);
        trade
    }

    /// Charged and then cancelled; no message about that is delivered.
    async fn cancelled() -> Self {
        let trade = Self::paid().await;
        trade.cancel().await.is(200);
        trade
    }

    async fn payment(&self) -> Versioned<Payment> {
        self.shop.payment_of(&self.order).await
    }

    async fn status(&self) -> OrderStatus {
        self.shop.find_order(&self.order).await.status
    }

    async fn intent(&self) -> String {
        self.payment().await.transaction_id.clone().unwrap()
    }

    async fn cancel(&self) -> Reply {
        self.ada.request("POST", &format!("/v1/orders/{}/cancel", self.order)).key("cancel").send().await
    }

    /// Delivers the first message of a type; answers whether it was processed.
    async fn deliver(&self, kind: &str) -> bool {
        let message = self.shop.enqueued_about(kind, &self.order).await.remove(0);
        self.shop.deliver(&[message]).await.is_empty()
    }

    async fn resume(&self) {
        self.shop.clock.advance(RESUME);
        self.shop.run_maintenance().await;
        self.shop.deliver_everything().await;
    }

    /// The gateway's webhook with this object.
    async fn webhook(&self, id: &str, kind: &str, object: Value) -> Reply {
        let body = json!({"id": id, "type": kind, "data": {"object": object}}).to_string();
        let signature = payments::sign(body.as_bytes(), &Secret::new(WEBHOOK_SECRET), self.shop.clock.now());
        let request = self.shop.request("POST", "/v1/payments/webhooks/stripe").header("stripe-signature", &signature);
        request.raw("application/json", body.as_str()).send().await
    }

    /// The gateway tells that something about the charge changed, and the shop looks it up.
    async fn changed(&self, event: &str) {
        let object = json!({"object": "refund", "id": "re_1", "payment_intent": self.intent().await});
        self.webhook(event, "refund.updated", object).await.is(200);
        self.shop.deliver_everything().await;
    }

    async fn refunds(&self) -> Vec<(i64, RefundStatus, RefundOrigin)> {
        let payment = self.payment().await;
        payment.refunds.iter().map(|refund| (refund.amount.minor(), refund.status, refund.made_at)).collect()
    }

    /// A command about the first refund.
    async fn decide(&self, command: &str, body: Value) -> Reply {
        let payment = self.payment().await;
        let path = format!("/v1/payments/{}/refunds/{}/{command}", payment.id, payment.refunds[0].id);
        self.admin.request("POST", &path).key(command).json(body).send().await
    }

    async fn subjects(&self) -> Vec<String> {
        let mails = self.shop.mails_to(&self.ada.email).await;
        mails.into_iter().map(|(subject, _)| subject.split(" (").next().unwrap().to_owned()).collect()
    }
}

const SHOPS: RefundOrigin = RefundOrigin::Shop;

// M2
#[tokio::test]
async fn a_total_that_the_gateway_would_refuse_is_refused_before_anything_is_reserved() {
    let stripe = StripeDouble::start().await;
    let client = Arc::new(stripe.client());
    let shop = TestShop::start_with(|_| client).await;
    let cheap = json!({"price": {"regular": 30}, "shipping": {"freeShipping": true}, "inventory": {"quantity": 5}});
    let cheap = shop.product("PIN-1", cheap).await;
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&cheap, 1).await.is(200);
    let refused = ada.checkout_with("order", checkout_body("pm_card_visa")).await;
    let problem = &refused.is_problem(422, "total_not_chargeable").json;
    assert_eq!((&problem["minimum"], &problem["step"]), (&json!(50), &json!(1)));
    assert_eq!((shop.stock_of("PIN-1").await.reserved, shop.count("orders").await), (0, 0));
    let mut by_transfer = checkout_body("pm_card_visa");
    by_transfer["payment"] = json!({"method": "bank_transfer"});
    ada.checkout_with("transfer", by_transfer).await.is(201);
}

// M6
#[tokio::test]
async fn a_refund_is_processed_when_the_gateway_says_so_and_not_before() {
    let trade = Trade::cancelled().await;
    trade.stripe.refunds_are("pending");
    trade.shop.deliver_everything().await;
    assert_eq!(trade.refunds().await, [(TOTAL, RefundStatus::Approved, SHOPS)]);
    assert!(!trade.subjects().await.iter().any(|subject| subject.contains("refund")));
    // It is not made again, however often its message comes.
    trade.resume().await;
    assert_eq!(trade.stripe.refunded(), [TOTAL]);
    trade.stripe.all_refunds_become("succeeded");
    trade.changed("evt_1").await;
    assert_eq!(trade.refunds().await, [(TOTAL, RefundStatus::Processed, SHOPS)]);
    assert_eq!((trade.payment().await.status, trade.stripe.balance()), (PaymentStatus::Refunded, 0));
    trade.shop.verify().await;
}

// M6
#[tokio::test]
async fn a_refund_that_fails_after_all_is_retried_by_a_person() {
    let trade = Trade::cancelled().await;
    trade.shop.deliver_everything().await;
    assert_eq!(trade.payment().await.status, PaymentStatus::Refunded);
    trade.stripe.all_refunds_become("failed");
    trade.changed("evt_1").await;
    assert_eq!(trade.refunds().await, [(TOTAL, RefundStatus::Failed, SHOPS)]);
    assert_eq!(trade.payment().await.refunds[0].failure_reason.as_deref(), Some("expired_or_canceled_card"));
    let retried = trade.decide("retry", json!({})).await;
    assert_eq!(retried.is(202).json["status"], "approved");
    trade.shop.deliver_everything().await;
    assert_eq!(trade.refunds().await, [(TOTAL, RefundStatus::Processed, SHOPS)]);
    assert_eq!((trade.stripe.refunded(), trade.stripe.balance()), (vec![TOTAL], 0));
    trade.decide("reject", json!({"reason": "twice"})).await.is_problem(409, "illegal_transition");
    trade.shop.verify().await;
}

// M6
#[tokio::test]
async fn a_failed_refund_is_paid_otherwise_or_rejected() {
    for (command, body, end) in [
        ("mark-paid", json!({"reference": "statement 9"}), RefundStatus::Processed),
        ("reject", json!({"reason": "the customer has a voucher"}), RefundStatus::Rejected),
    ] {
        let trade = Trade::cancelled().await;
        trade.stripe.refunds_are("failed");
        trade.shop.deliver_everything().await;
        assert_eq!(trade.refunds().await, [(TOTAL, RefundStatus::Failed, SHOPS)]);
        trade.decide(command, body).await.is(200);
        assert_eq!(trade.refunds().await, [(TOTAL, end, SHOPS)]);
        trade.resume().await;
        assert_eq!(trade.stripe.refunded(), [0; 0], "it is not made again");
    }
}

// M7
#[tokio::test]
async fn a_refund_made_by_hand_at_the_gateway_leaves_the_rest_to_the_shop() {
    let trade = Trade::paid().await;
    trade.stripe.refund_by_hand(&trade.intent().await, 400);
    trade.cancel().await.is(200);
    trade.shop.deliver_everything().await;
    let expected =
        [(TOTAL - 400, RefundStatus::Processed, SHOPS), (400, RefundStatus::Processed, RefundOrigin::Gateway)];
    assert_eq!(trade.refunds().await, expected);
    assert_eq!((trade.payment().await.status, trade.stripe.balance()), (PaymentStatus::Refunded, 0));
    trade.shop.verify().await;
}

// M8
#[tokio::test]
async fn a_disputed_order_is_not_shipped_until_the_dispute_is_won() {
    let trade = Trade::paid().await;
    trade.stripe.dispute(&trade.intent().await);
    trade.changed("evt_1").await;
    let payment = trade.payment().await;
    assert_eq!((payment.disputes[0].status, payment.disputes[0].amount.minor()), (DisputeStatus::Open, TOTAL));
    let parcel = json!({"carrier": "DHL", "trackingNumber": "JD014600003817"});
    let ship = async || trade.admin.post(&format!("/v1/orders/{}/ship", trade.order), parcel.clone()).await;
    ship().await.is_problem(409, "payment_disputed");
    let shown = trade.admin.get(&format!("/v1/payments/{}", payment.id)).await;
    assert_eq!(shown.is(200).json["disputes"][0]["reason"], "fraudulent");
    trade.stripe.disputes_are("won");
    trade.changed("evt_2").await;
    ship().await.is(200);
    trade.shop.verify().await;
}

// M22
#[tokio::test]
async fn a_cancelled_and_disputed_order_is_refunded_once_the_dispute_is_decided() {
    for status in ["won", "lost"] {
        for cancels_first in [true, false] {
            let trade = Trade::paid().await;
            if cancels_first {
                trade.cancel().await.is(200);
                assert!(trade.deliver("order.cancelled").await);
            }
            trade.stripe.dispute(&trade.intent().await);
            trade.changed("evt_1").await;
            if !cancels_first {
                trade.cancel().await.is(200);
            }
            trade.shop.deliver_everything().await;
            assert_eq!(trade.stripe.refunded(), [0; 0], "disputed money is not refunded");
            trade.stripe.disputes_are(status);
            // The webhook about the end is lost.
            trade.resume().await;
            trade.shop.deliver_everything().await;
            let expected = if status == "won" { vec![TOTAL] } else { vec![] };
            assert_eq!(trade.stripe.refunded(), expected, "{status} {cancels_first}");
            assert_eq!(trade.stripe.balance(), 0, "{status} {cancels_first}");
            assert!(!trade.payment().await.owes_refunds());
            trade.shop.verify().await;
        }
    }
}

// M9
#[tokio::test]
async fn a_charge_of_another_amount_or_currency_confirms_nothing() {
    for (amount, currency) in [(1, "usd"), (TOTAL, "jpy")] {
        let trade = Trade::ordered("pm_card_visa").await;
        trade.stripe.fail_next("/confirm", 500, "api_error", "");
        assert!(!trade.deliver("payment.requested").await);
        trade.stripe.charge_wrongly(&trade.intent().await, amount, currency);
        trade.resume().await;
        let payment = trade.payment().await;
        assert_eq!((trade.status().await, payment.captured.minor()), (OrderStatus::Pending, 0));
        assert!(payment.attention.as_ref().unwrap().contains("the gateway charged"), "{:?}", payment.attention);
    }
}

// M10
#[tokio::test]
async fn trouble_of_the_shop_is_never_told_to_the_buyer_as_a_decline() {
    for (status, kind, code) in [
        (401, "invalid_request_error", ""),
        (403, "invalid_request_error", ""),
        (409, "idempotency_error", "idempotency_key_in_use"),
        (424, "api_error", ""),
        (429, "invalid_request_error", "rate_limit"),
    ] {
        let trade = Trade::ordered("pm_card_visa").await;
        trade.stripe.fail_next("POST /v1/payment_intents", status, kind, code);
        assert!(!trade.deliver("payment.requested").await, "{status}");
        assert_eq!(trade.payment().await.status, PaymentStatus::Processing, "{status}");
        assert_eq!(trade.subjects().await.iter().filter(|subject| subject.contains("failed")).count(), 0);
    }
}

// M12
#[tokio::test]
async fn a_stored_failure_of_a_refund_is_not_replayed_for_a_day() {
    let trade = Trade::cancelled().await;
    trade.stripe.fail_next("POST /v1/refunds", 500, "api_error", "");
    trade.shop.deliver_everything().await;
    trade.resume().await;
    assert_eq!((trade.stripe.refunded(), trade.payment().await.status), (vec![TOTAL], PaymentStatus::Refunded));
    trade.shop.verify().await;
}

// M12
#[tokio::test]
async fn a_stored_failure_of_a_confirmation_or_a_cancellation_is_not_replayed() {
    let trade = Trade::ordered("pm_card_visa").await;
    trade.stripe.fail_next("/confirm", 500, "api_error", "");
    assert!(!trade.deliver("payment.requested").await);
    assert!(trade.deliver("payment.requested").await);
    assert_eq!(trade.payment().await.status, PaymentStatus::Completed);
}

// M12
#[tokio::test]
async fn an_intent_that_the_gateway_does_not_know_ends_the_attempt() {
    let trade = Trade::ordered(NEEDS_AUTHENTICATION).await;
    trade.shop.deliver_everything().await;
    trade.stripe.forget(&trade.intent().await);
    trade.resume().await;
    let payment = trade.payment().await;
    assert_eq!((payment.status, payment.failure_code), (PaymentStatus::Failed, Some(FailureCode::Cancelled)));
    trade.shop.clock.advance(AFTER_EXPIRY);
    trade.shop.run_maintenance().await;
    trade.shop.deliver_everything().await;
    assert_eq!(trade.status().await, OrderStatus::Cancelled);
    trade.shop.verify().await;
}

// M15
#[tokio::test]
async fn every_genuine_event_is_acknowledged() {
    let trade = Trade::paid().await;
    let intent = trade.intent().await;
    let shapes = [
        json!({"object": "balance", "available": []}),
        json!({"object": "charge", "id": "ch_1", "payment_intent": {"id": intent, "object": "payment_intent"}}),
        json!({"object": "charge", "id": "ch_1", "payment_intent": null}),
        json!({"object": "payment_intent", "id": intent}),
        json!("a text"),
    ];
    for (number, object) in shapes.into_iter().enumerate() {
        trade.webhook(&format!("evt_{number}"), "some.event", object).await.is(200);
    }
    assert_eq!(trade.shop.enqueued("payment.webhookReceived").await.len(), 2);
}

// M16
#[tokio::test]
async fn all_pages_of_the_refunds_are_read() {
    let trade = Trade::paid().await;
    let intent = trade.intent().await;
    for _ in 0..120 {
        trade.stripe.refund_by_hand(&intent, 1);
    }
    trade.changed("evt_1").await;
    assert_eq!(trade.payment().await.refunds.len(), 120);
    trade.cancel().await.is(200);
    trade.shop.deliver_everything().await;
    assert_eq!(trade.stripe.balance(), 0);
    trade.shop.verify().await;
}

// M17
#[tokio::test]
async fn refunds_and_orders_whose_messages_died_are_resumed() {
    let trade = Trade::ordered("pm_card_visa").await;
    assert!(trade.deliver("payment.requested").await);
    assert_eq!(trade.status().await, OrderStatus::Confirmed);
    // `order.paid` is never delivered.
    trade.shop.clock.advance(RESUME);
    trade.shop.run_maintenance().await;
    let resumed = trade.shop.enqueued_about("order.paid", &trade.order).await.pop().unwrap();
    assert!(trade.shop.deliver(&[resumed]).await.is_empty());
    assert_eq!(trade.status().await, OrderStatus::Processing);

    trade.cancel().await.is(200);
    assert!(trade.deliver("order.cancelled").await);
    // Nor is `refund.requested`.
    trade.shop.clock.advance(RESUME);
    trade.shop.run_maintenance().await;
    let resumed = trade.shop.enqueued_about("refund.requested", &trade.order).await.pop().unwrap();
    assert!(trade.shop.deliver(&[resumed]).await.is_empty());
    assert_eq!((trade.stripe.refunded(), trade.stripe.balance()), (vec![TOTAL], 0));
}

// M18
#[tokio::test]
async fn a_refund_request_answers_the_refund() {
    let trade = Trade::paid().await;
    let path = format!("/v1/payments/{}/refunds", trade.payment().await.id);
    let body = json!({"amount": 300, "reason": "a scratch"});
    let made = trade.admin.request("POST", &path).key("scratch").json(body).send().await;
    let expected = json!({"amount": 300, "reason": "a scratch", "status": "approved", "madeAt": "shop"});
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(made.is(202).json[name], *value);
    }
    assert_eq!(made.id(), trade.payment().await.refunds[0].id.to_string());
}

// M19
#[tokio::test]
async fn a_decline_has_a_code_of_a_closed_list_and_tells_a_thief_nothing() {
    for (token, code) in [
        ("pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("pm_card_chargeDeclinedStolenCard", "card_declined"),
        ("pm_unknown", "invalid_payment_method"),
    ] {
        let trade = Trade::ordered(token).await;
        trade.shop.deliver_everything().await;
        let shown = trade.ada.get(&format!("/v1/payments/{}", trade.payment().await.id)).await;
        assert_eq!((&shown.is(200).json["status"], &shown.json["failureCode"]), (&json!("failed"), &json!(code)));
        assert_eq!(trade.subjects().await.iter().filter(|subject| subject.contains("failed")).count(), 1);
    }
}

// M20
#[tokio::test]
async fn a_payment_is_shown_while_the_gateway_cannot_tell_the_next_action() {
    let trade = Trade::ordered(NEEDS_AUTHENTICATION).await;
    trade.shop.deliver_everything().await;
    let path = format!("/v1/payments/{}", trade.payment().await.id);
    assert_eq!(trade.ada.get(&path).await.is(200).json["nextAction"]["type"], "use_stripe_sdk");
    trade.stripe.forget(&trade.intent().await);
    let shown = trade.admin.get(&path).await;
    assert_eq!(shown.is(200).json["nextActionUnavailable"], true);
    assert_eq!((&shown.json["status"], &shown.json["nextAction"]), (&json!("processing"), &Value::Null));
}

// M21
#[tokio::test]
async fn a_void_is_retried_until_the_gateway_confirms_it() {
    let trade = Trade::ordered(NEEDS_AUTHENTICATION).await;
    trade.shop.deliver_everything().await;
    trade.cancel().await.is(200);
    trade.stripe.fail_next("/cancel", 500, "api_error", "");
    assert!(!trade.deliver("payment.voidRequested").await);
    let path = format!("/v1/payments/{}", trade.payment().await.id);
    assert_eq!(trade.ada.get(&path).await.is(200).json["voidPending"], true);
    // The message is a dead letter; maintenance sends another one.
    trade.shop.clock.advance(RESUME);
    trade.shop.run_maintenance().await;
    let resumed = trade.shop.enqueued_about("payment.voidRequested", &trade.order).await.pop().unwrap();
    assert!(trade.shop.deliver(&[resumed]).await.is_empty());
    assert_eq!(trade.stripe.status(&trade.intent().await), "canceled");
    assert_eq!(trade.ada.get(&path).await.is(200).json["voidPending"], Value::Null);
    trade.shop.verify().await;
}
