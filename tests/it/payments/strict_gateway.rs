//! Against a gateway that refuses, changes its mind and has a person's hand in it: everything ends, and the books agree.

use std::time::Duration;

use serde_json::{Value, json};
use shared::{
    domain::{
        order::OrderStatus,
        payment::{DisputeStatus, FailureCode, Payment, PaymentStatus, RefundOrigin, RefundStatus},
    },
    store::Versioned,
};
use tests::{
    Person, Reply, StripeDouble, TestShop,
    people::checkout_body,
    stripe_double::{Confirmation, DisputeEnd, Failure, RefundOutcome},
};

use super::{AFTER_EXPIRY, TOTAL};

/// Longer than the time after which maintenance resumes what may be a dead letter.
const RESUME: Duration = Duration::from_secs(11 * 60);

const CONFIRM: &str = "/v1/payment_intents/*/confirm";

/// A card that needs 3-D Secure.
const NEEDS_AUTHENTICATION: &str = "pm_card_authenticationRequired";

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
        let (shop, stripe) = TestShop::start_with_double().await;
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

    /// Every event of the gateway arrives, also those that have arrived before.
    async fn receive_events(&self) {
        for event in self.stripe.events() {
            self.shop.receive(&event).await.is(200);
        }
        self.shop.deliver_everything().await;
    }

    /// The amounts that the gateway paid out, oldest first.
    async fn paid_out(&self) -> Vec<i64> {
        let refunds = self.stripe.refunds_of(self.payment().await.id);
        let paid = refunds.iter().filter(|refund| refund["status"] != "failed");
        paid.map(|refund| refund["amount"].as_i64().unwrap()).collect()
    }

    /// Every refund at the gateway comes to another state.
    async fn settle_refunds(&self, outcome: RefundOutcome) {
        for refund in self.stripe.refunds_of(self.payment().await.id) {
            self.stripe.settle_refund(refund["id"].as_str().unwrap(), outcome);
        }
        self.receive_events().await;
    }

    async fn open_dispute(&self) -> String {
        let dispute = self.stripe.dashboard().open_dispute(&self.intent().await, "fraudulent");
        self.receive_events().await;
        dispute
    }

    fn balance(&self) -> i64 {
        self.stripe.balance("usd")
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

/// The cart of a shop with a product at this price that ships free.
async fn cart_of(currency: &str, price: i64, quantity: i64) -> (TestShop, StripeDouble, Person) {
    let (shop, stripe) = TestShop::start_with_double().await;
    let fields = json!({
        "price": {"regular": price, "currency": currency}, "shipping": {"freeShipping": true},
        "inventory": {"quantity": 1000},
    });
    let product = shop.product("PIN-1", fields).await;
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&product, quantity).await.is(200);
    (shop, stripe, ada)
}

// M1
#[tokio::test]
async fn a_charge_is_sent_in_the_unit_that_the_gateway_counts_in() {
    for (currency, price, sent) in [
        ("USD", 1_999, 1_999),
        ("JPY", 500, 500),
        ("ISK", 5_500, 550_000),
        ("UGX", 20_000, 2_000_000),
        ("MGA", 1_000_000, 10_000),
        ("KWD", 5_120, 5_120),
    ] {
        let (shop, stripe, ada) = cart_of(currency, price, 1).await;
        let order = ada.checkout_with("order", checkout_body("pm_card_visa")).await.is(201).id();
        shop.deliver_everything().await;
        let payment = shop.payment_of(&order).await;
        assert_eq!(stripe.moved(payment.id).charged, [sent], "{currency}");
        assert_eq!((payment.status, payment.captured.minor()), (PaymentStatus::Completed, price), "{currency}");
        let path = format!("/v1/payments/{}/refunds", payment.id);
        let body = json!({"amount": price, "reason": "returned"});
        shop.admin("root").await.request("POST", &path).key("refund").json(body).send().await.is(202);
        shop.deliver_everything().await;
        assert_eq!(stripe.moved(payment.id).refunded, sent, "{currency}");
        assert_eq!(shop.payment_of(&order).await.status, PaymentStatus::Refunded, "{currency}");
        shop.verify().await;
    }
}

// M2
#[tokio::test]
async fn a_total_that_the_gateway_would_refuse_is_refused_before_anything_is_reserved() {
    for (currency, price, quantity, [minimum, maximum, step]) in [
        ("USD", 30, 1, [50, 99_999_999, 1]),
        ("USD", 99_999_999, 999, [50, 99_999_999, 1]),
        ("KWD", 1_234, 1, [10, 99_999_990, 10]),
        ("MGA", 100_050, 1, [100, 9_999_999_900, 100]),
        ("HUF", 10_000, 1, [17_500, 9_999_999_999, 1]),
    ] {
        let (shop, stripe, ada) = cart_of(currency, price, quantity).await;
        let body = checkout_body("pm_card_visa");
        let quote = json!({"shippingAddress": {"country": "US"}, "shippingMethod": body["shippingMethod"]});
        for refused in [ada.checkout_with("order", body.clone()).await, ada.post("/v1/checkout/quote", quote).await] {
            let problem = &refused.is_problem(422, "total_not_chargeable").json;
            let limits = ["minimum", "maximum", "step"].map(|name| problem[name].as_i64().unwrap());
            assert_eq!(limits, [minimum, maximum, step], "{currency}");
        }
        assert_eq!((shop.stock_of("PIN-1").await.reserved, shop.count("orders").await), (0, 0), "{currency}");
        assert_eq!(stripe.received().len(), 0, "the gateway is not asked");
        let mut by_transfer = body;
        by_transfer["payment"] = json!({"method": "bank_transfer"});
        ada.checkout_with("transfer", by_transfer).await.is(201);
    }
}

// M6
#[tokio::test]
async fn a_refund_is_processed_when_the_gateway_says_so_and_not_before() {
    let trade = Trade::cancelled().await;
    trade.stripe.next_refund(RefundOutcome::Pending);
    trade.shop.deliver_everything().await;
    assert_eq!(trade.refunds().await, [(TOTAL, RefundStatus::Approved, SHOPS)]);
    assert!(!trade.subjects().await.iter().any(|subject| subject.contains("refund")));
    // It is not made again, however often its message comes.
    trade.resume().await;
    assert_eq!(trade.paid_out().await, [TOTAL]);
    trade.settle_refunds(RefundOutcome::Succeeded).await;
    assert_eq!(trade.refunds().await, [(TOTAL, RefundStatus::Processed, SHOPS)]);
    assert_eq!((trade.payment().await.status, trade.balance()), (PaymentStatus::Refunded, 0));
    trade.shop.verify().await;
}

// M6
#[tokio::test]
async fn a_refund_that_fails_after_all_is_retried_by_a_person() {
    let trade = Trade::cancelled().await;
    trade.shop.deliver_everything().await;
    assert_eq!(trade.payment().await.status, PaymentStatus::Refunded);
    trade.settle_refunds(RefundOutcome::Failed("expired_or_canceled_card")).await;
    assert_eq!(trade.refunds().await, [(TOTAL, RefundStatus::Failed, SHOPS)]);
    assert_eq!(trade.payment().await.refunds[0].failure_reason.as_deref(), Some("expired_or_canceled_card"));
    let retried = trade.decide("retry", json!({})).await;
    assert_eq!(retried.is(202).json["status"], "approved");
    trade.shop.deliver_everything().await;
    assert_eq!(trade.refunds().await, [(TOTAL, RefundStatus::Processed, SHOPS)]);
    assert_eq!((trade.paid_out().await, trade.balance()), (vec![TOTAL], 0));
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
        trade.stripe.next_refund(RefundOutcome::Failed("expired_or_canceled_card"));
        trade.shop.deliver_everything().await;
        assert_eq!(trade.refunds().await, [(TOTAL, RefundStatus::Failed, SHOPS)]);
        trade.decide(command, body).await.is(200);
        assert_eq!(trade.refunds().await, [(TOTAL, end, SHOPS)]);
        trade.resume().await;
        assert_eq!(trade.paid_out().await, [0; 0], "it is not made again");
    }
}

// M7
#[tokio::test]
async fn a_refund_made_by_hand_at_the_gateway_leaves_the_rest_to_the_shop() {
    let trade = Trade::paid().await;
    trade.stripe.dashboard().refund(&trade.intent().await, 400);
    trade.cancel().await.is(200);
    trade.shop.deliver_everything().await;
    let expected =
        [(TOTAL - 400, RefundStatus::Processed, SHOPS), (400, RefundStatus::Processed, RefundOrigin::Gateway)];
    assert_eq!(trade.refunds().await, expected);
    assert_eq!((trade.payment().await.status, trade.balance()), (PaymentStatus::Refunded, 0));
    trade.shop.verify().await;
}

// M8
#[tokio::test]
async fn a_disputed_order_is_not_shipped_until_the_dispute_is_won() {
    let trade = Trade::paid().await;
    let dispute = trade.open_dispute().await;
    let payment = trade.payment().await;
    assert_eq!((payment.disputes[0].status, payment.disputes[0].amount.minor()), (DisputeStatus::Open, TOTAL));
    let parcel = json!({"carrier": "DHL", "trackingNumber": "JD014600003817"});
    let ship = async || trade.admin.post(&format!("/v1/orders/{}/ship", trade.order), parcel.clone()).await;
    ship().await.is_problem(409, "payment_disputed");
    let shown = trade.admin.get(&format!("/v1/payments/{}", payment.id)).await;
    assert_eq!(shown.is(200).json["disputes"][0]["reason"], "fraudulent");
    trade.stripe.dashboard().close_dispute(&dispute, DisputeEnd::Won);
    trade.receive_events().await;
    ship().await.is(200);
    trade.shop.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_dispute_and_a_shipment_one_comes_first() {
    for _ in 0..4 {
        let trade = Trade::paid().await;
        trade.stripe.dashboard().open_dispute(&trade.intent().await, "fraudulent");
        let parcel = json!({"carrier": "DHL", "trackingNumber": "JD014600003817"});
        let path = format!("/v1/orders/{}/ship", trade.order);
        let (shipped, ()) = tokio::join!(trade.admin.post(&path, parcel), trade.receive_events());
        if shipped.status != 200 {
            shipped.is_problem(409, "payment_disputed");
            assert_eq!(trade.status().await, OrderStatus::Processing);
        }
        assert_eq!(trade.payment().await.disputes[0].status, DisputeStatus::Open);
        trade.shop.verify().await;
    }
}

// M22
#[tokio::test]
async fn a_cancelled_and_disputed_order_is_refunded_once_the_dispute_is_decided() {
    for end in [DisputeEnd::Won, DisputeEnd::Lost] {
        for cancels_first in [true, false] {
            let trade = Trade::paid().await;
            if cancels_first {
                trade.cancel().await.is(200);
                assert!(trade.deliver("order.cancelled").await);
            }
            let dispute = trade.open_dispute().await;
            if !cancels_first {
                trade.cancel().await.is(200);
            }
            trade.shop.deliver_everything().await;
            assert_eq!(trade.paid_out().await, [0; 0], "disputed money is not refunded");
            trade.stripe.dashboard().close_dispute(&dispute, end);
            // The webhook about the end is lost.
            trade.resume().await;
            trade.shop.deliver_everything().await;
            let expected = if end == DisputeEnd::Won { vec![TOTAL] } else { vec![] };
            assert_eq!(trade.paid_out().await, expected, "{end:?} {cancels_first}");
            assert_eq!(trade.balance(), 0, "{end:?} {cancels_first}");
            assert!(!trade.payment().await.owes_refunds());
            trade.shop.verify().await;
        }
    }
}

// M22
#[tokio::test]
async fn goods_that_come_back_during_a_dispute_are_refunded_if_it_is_won() {
    for end in [DisputeEnd::Won, DisputeEnd::Lost] {
        let trade = Trade::paid().await;
        let parcel = json!({"carrier": "DHL", "trackingNumber": "JD014600003817"});
        trade.admin.post(&format!("/v1/orders/{}/ship", trade.order), parcel).await.is(200);
        let dispute = trade.open_dispute().await;
        let shown = trade.ada.get(&format!("/v1/orders/{}", trade.order)).await;
        let body = json!({"items": [{"itemId": shown.json["items"][0]["id"], "quantity": 1}], "reason": "too small"});
        let path = format!("/v1/orders/{}/returns", trade.order);
        let returned = trade.ada.request("POST", &path).key("return").json(body).send().await.is(201).id();
        for command in ["approve", "receive"] {
            let path = format!("/v1/returns/{returned}/{command}");
            trade.admin.request("POST", &path).key(command).json(json!({})).send().await.is(200);
        }
        trade.shop.deliver_everything().await;
        assert_eq!(trade.paid_out().await, [0; 0]);
        assert_eq!(trade.status().await, OrderStatus::Shipped, "its refund is not decided");
        trade.stripe.dashboard().close_dispute(&dispute, end);
        trade.receive_events().await;
        // The goods cost 1000, the shipping is not refunded.
        assert_eq!(trade.paid_out().await, if end == DisputeEnd::Won { vec![1000] } else { vec![] }, "{end:?}");
        assert_eq!(trade.status().await, OrderStatus::Refunded, "{end:?}");
        trade.shop.verify().await;
    }
}

// M7
#[tokio::test]
async fn a_refund_that_was_paid_twice_by_people_is_recorded_and_listed() {
    let trade = Trade::cancelled().await;
    trade.stripe.next_refund(RefundOutcome::Failed("expired_or_canceled_card"));
    trade.shop.deliver_everything().await;
    trade.decide("mark-paid", json!({"reference": "statement 9"})).await.is(200);
    trade.stripe.dashboard().refund(&trade.intent().await, TOTAL);
    trade.receive_events().await;
    let expected = [(TOTAL, RefundStatus::Processed, SHOPS), (TOTAL, RefundStatus::Processed, RefundOrigin::Gateway)];
    assert_eq!(trade.refunds().await, expected);
    assert!(trade.payment().await.attention.as_ref().unwrap().contains("more than was captured"));
    trade.shop.verify().await;
}

// M2
#[tokio::test]
async fn a_refund_between_two_steps_of_the_currency_is_refused() {
    let (shop, _stripe, ada) = cart_of("KWD", 5_000, 2).await;
    let order = ada.checkout_with("order", checkout_body("pm_card_visa")).await.is(201).id();
    shop.deliver_everything().await;
    let path = format!("/v1/payments/{}/refunds", shop.payment_of(&order).await.id);
    let admin = shop.admin("root").await;
    let body = json!({"amount": 1_234, "reason": "a scratch"});
    let refused = admin.request("POST", &path).key("fraction").json(body).send().await;
    assert_eq!(refused.is_problem(422, "validation_failed").json["step"], 10);
    let body = json!({"amount": 1_230, "reason": "a scratch"});
    admin.request("POST", &path).key("step").json(body).send().await.is(202);
}

// M9
#[tokio::test]
async fn a_charge_of_another_amount_or_currency_confirms_nothing() {
    for (amount, currency) in [(1, "usd"), (TOTAL, "jpy")] {
        let trade = Trade::ordered("pm_card_visa").await;
        trade.stripe.fail_next("POST", CONFIRM, Failure::Status(500));
        assert!(!trade.deliver("payment.requested").await);
        trade.stripe.dashboard().succeed_with(&trade.intent().await, amount, currency);
        trade.resume().await;
        let payment = trade.payment().await;
        assert_eq!((trade.status().await, payment.captured.minor()), (OrderStatus::Pending, 0));
        assert!(payment.attention.as_ref().unwrap().contains("the gateway charged"), "{:?}", payment.attention);
    }
}

// M9
#[tokio::test]
async fn a_contradicted_payment_ends_and_a_person_decides_about_the_charge() {
    for is_cancelled in [true, false] {
        let trade = Trade::ordered("pm_card_visa").await;
        trade.stripe.fail_next("POST", CONFIRM, Failure::Status(500));
        assert!(!trade.deliver("payment.requested").await);
        let intent = trade.intent().await;
        trade.stripe.dashboard().succeed_with(&intent, 1, "usd");
        trade.receive_events().await;
        assert!(trade.payment().await.attention.is_some());
        if is_cancelled {
            trade.cancel().await.is(200);
        } else {
            trade.shop.clock.advance(AFTER_EXPIRY);
            trade.shop.run_maintenance().await;
        }
        trade.shop.deliver_everything().await;
        trade.resume().await;
        let payment = trade.payment().await;
        assert_eq!((trade.status().await, payment.status), (OrderStatus::Cancelled, PaymentStatus::Failed));
        assert!(!payment.void_pending && payment.attention.is_some());
        assert_eq!(trade.shop.stock_of("MUG-1").await.reserved, 0);
        trade.stripe.dashboard().refund(&intent, 1);
        trade.receive_events().await;
        assert_eq!(trade.refunds().await, [], "it is no refund of this payment");
        let now = trade.shop.clock.now();
        let decided = ops::payments::resolve(trade.shop.store(), payment.id, "refunded at Stripe", now).await.unwrap();
        assert!(decided.unwrap().contains("the gateway charged"));
        assert_eq!(trade.payment().await.attention, None);
        trade.shop.verify().await;
    }
}

// M10
#[tokio::test]
async fn trouble_of_the_shop_is_never_told_to_the_buyer_as_a_decline() {
    for status in [400, 401, 403, 404, 409, 424, 429] {
        let trade = Trade::ordered("pm_card_visa").await;
        trade.stripe.fail_next("POST", "/v1/payment_intents", Failure::Status(status));
        assert!(!trade.deliver("payment.requested").await, "{status}");
        assert_eq!(trade.payment().await.status, PaymentStatus::Processing, "{status}");
        assert_eq!(trade.subjects().await.iter().filter(|subject| subject.contains("did not go through")).count(), 0);
    }
}

// M10
#[tokio::test]
async fn paypal_that_the_account_has_not_activated_is_no_fault_of_the_buyer() {
    let (shop, stripe) = TestShop::start_with_double().await;
    let mug = shop.stock("MUG-1", 10).await;
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, 1).await.is(200);
    stripe.dashboard().deactivate("paypal");
    let mut body = checkout_body("pm_card_visa");
    body["payment"] = json!({"method": "paypal"});
    let order = ada.checkout_with("order", body).await.is(201).id();
    let message = shop.enqueued_about("payment.requested", &order).await.remove(0);
    assert_eq!(shop.deliver(&[message]).await.len(), 1, "it is retried");
    assert_eq!(shop.payment_of(&order).await.status, PaymentStatus::Processing);
    shop.run_queues().await;
    let mails = shop.mails_to(&ada.email).await;
    assert!(!mails.iter().any(|(subject, _)| subject.contains("did not go through")), "{mails:?}");
}

// M10
#[tokio::test]
async fn a_customer_who_was_deleted_at_the_gateway_is_made_again() {
    let trade = Trade::ordered("pm_card_visa").await;
    let user = trade.payment().await.user.unwrap();
    let customer = async || {
        let account = trade.shop.store().users.find(user).await.unwrap().unwrap();
        account.gateway_customer.clone().unwrap()
    };
    let save = async |number: &str| {
        let token = trade.stripe.card(number);
        trade.ada.post("/v1/payments/methods", json!({"token": token})).await.is(201).id()
    };
    save("4242424242424242").await;
    let first = customer().await;
    trade.stripe.dashboard().delete_customer(&first);
    // A card is saved for the customer who replaces the deleted one.
    let saved = save("5555555555554444").await;
    let second = customer().await;
    assert_ne!(first, second);
    trade.stripe.dashboard().delete_customer(&second);
    // A payment that saves its card is charged at once.
    let pay = async |key: &str, payment: Value| {
        let mug = trade.shop.find_order(&trade.order).await.items[0].product.to_string();
        trade.ada.add_to_cart(&mug, 1).await.is(200);
        let mut body = checkout_body("pm_card_visa");
        body["payment"] = payment;
        let order = trade.ada.checkout_with(key, body).await.is(201).id();
        trade.shop.deliver_everything().await;
        trade.shop.payment_of(&order).await
    };
    let token = trade.stripe.card("4242424242424242");
    let paid = pay("saving", json!({"method": "credit_card", "token": token, "saveMethod": true})).await;
    assert_eq!((paid.status, paid.failure_code), (PaymentStatus::Completed, None));
    assert!(paid.saved_method.is_some());
    assert_ne!(customer().await, second);
    // The cards of the deleted customer went with them.
    let failed = pay("saved", json!({"method": "credit_card", "savedMethodId": saved})).await;
    assert_eq!((failed.status, failed.failure_code), (PaymentStatus::Failed, Some(FailureCode::InvalidPaymentMethod)));
    trade.shop.verify().await;
}

// M10
#[tokio::test]
async fn an_amount_that_the_gateway_does_not_charge_is_not_told_as_the_cards_fault() {
    let trade = Trade::ordered("pm_card_visa").await;
    trade.stripe.set_minimum("usd", TOTAL + 1);
    trade.shop.deliver_everything().await;
    let payment = trade.payment().await;
    let expected = (PaymentStatus::Failed, Some(FailureCode::AmountNotChargeable));
    assert_eq!((payment.status, payment.failure_code), expected);
    let mails = trade.shop.mails_to(&trade.ada.email).await;
    let text = mails.iter().find(|(subject, _)| subject.contains("did not go through")).map(|(_, text)| text);
    assert!(text.is_some_and(|text| text.contains("so small an amount cannot be charged")), "{mails:?}");
}

// M12
#[tokio::test]
async fn a_stored_failure_of_a_refund_is_not_replayed_for_a_day() {
    let trade = Trade::cancelled().await;
    trade.stripe.fail_next("POST", "/v1/refunds", Failure::Status(500));
    assert!(trade.deliver("order.cancelled").await);
    assert!(!trade.deliver("refund.requested").await);
    trade.resume().await;
    assert_eq!((trade.paid_out().await, trade.payment().await.status), (vec![TOTAL], PaymentStatus::Refunded));
    trade.shop.verify().await;
}

// M12
#[tokio::test]
async fn a_stored_failure_of_a_confirmation_or_a_cancellation_is_not_replayed() {
    let trade = Trade::ordered("pm_card_visa").await;
    trade.stripe.fail_next("POST", CONFIRM, Failure::Status(500));
    assert!(!trade.deliver("payment.requested").await);
    assert!(trade.deliver("payment.requested").await);
    assert_eq!(trade.payment().await.status, PaymentStatus::Completed);
}

// M12
#[tokio::test]
async fn an_intent_that_the_gateway_does_not_know_ends_the_attempt() {
    let trade = Trade::ordered(NEEDS_AUTHENTICATION).await;
    trade.shop.deliver_everything().await;
    trade.stripe.dashboard().forget_intent(&trade.intent().await);
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
    // Its object has no id.
    trade.stripe.dashboard().make_balance_available();
    trade.stripe.dashboard().refund(&intent, 100);
    for event in trade.stripe.events() {
        trade.shop.receive(&trade.stripe.expanded(&event)).await.is(200);
    }
    let mut event = trade.stripe.events().remove(0);
    for (number, object) in [
        json!({}),
        json!({"payment_intent": null}),
        json!({"payment_intent": 7}),
        json!({"id": 7, "object": "payment_intent"}),
    ]
    .into_iter()
    .enumerate()
    {
        (event.id, event.object) = (format!("evt_unknown_{number}"), object);
        trade.shop.receive(&event).await.is(200);
    }
    trade.shop.deliver_everything().await;
    assert_eq!(trade.refunds().await, [(100, RefundStatus::Processed, RefundOrigin::Gateway)]);
}

// M16
#[tokio::test]
async fn all_pages_of_the_refunds_are_read() {
    let trade = Trade::paid().await;
    let intent = trade.intent().await;
    for _ in 0..120 {
        trade.stripe.dashboard().refund(&intent, 1);
    }
    // Each of them would do: the shop looks for itself.
    trade.shop.receive(&trade.stripe.events().pop().unwrap()).await.is(200);
    trade.shop.deliver_everything().await;
    assert_eq!(trade.payment().await.refunds.len(), 120);
    trade.cancel().await.is(200);
    trade.shop.deliver_everything().await;
    assert_eq!(trade.balance(), 0);
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
    assert_eq!((trade.paid_out().await, trade.balance()), (vec![TOTAL], 0));
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
        assert_eq!(trade.subjects().await.iter().filter(|subject| subject.contains("did not go through")).count(), 1);
    }
}

#[tokio::test]
async fn the_token_of_a_declined_card_can_be_tried_again() {
    let (shop, stripe) = TestShop::start_with_double().await;
    let mug = shop.stock("MUG-1", 10).await;
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, 1).await.is(200);
    let token = stripe.token("4242424242424242");
    stripe.next_confirmation(Confirmation::Declines("insufficient_funds"));
    let order = ada.checkout_with("order", checkout_body(&token)).await.is(201).id();
    shop.deliver_everything().await;
    let payment = shop.payment_of(&order).await;
    assert_eq!(payment.failure_code, Some(FailureCode::InsufficientFunds));
    let path = format!("/v1/payments/{}/confirm", payment.id);
    ada.request("POST", &path).key("again").json(json!({"token": token})).send().await.is(200);
    shop.deliver_everything().await;
    let payment = shop.payment_of(&order).await;
    assert_eq!((payment.status, payment.failure_code), (PaymentStatus::Completed, None));
}

// M6
#[tokio::test]
async fn a_refund_that_the_gateway_refuses_has_a_reason_without_the_gateways_words() {
    let trade = Trade::cancelled().await;
    trade.stripe.fail_next("POST", "/v1/refunds", Failure::Status(400));
    trade.shop.deliver_everything().await;
    let shown = trade.ada.get(&format!("/v1/payments/{}", trade.payment().await.id)).await;
    let refund = &shown.is(200).json["refunds"][0];
    let expected = (&json!("failed"), &json!("the payment provider did not accept the refund"));
    assert_eq!((&refund["status"], &refund["failureReason"]), expected);
}

// M20
#[tokio::test]
async fn a_payment_is_shown_while_the_gateway_cannot_tell_the_next_action() {
    let trade = Trade::ordered(NEEDS_AUTHENTICATION).await;
    trade.shop.deliver_everything().await;
    let path = format!("/v1/payments/{}", trade.payment().await.id);
    assert_eq!(trade.ada.get(&path).await.is(200).json["nextAction"]["type"], "use_stripe_sdk");
    trade.stripe.dashboard().forget_intent(&trade.intent().await);
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
    trade.stripe.fail_next("POST", "/v1/payment_intents/*/cancel", Failure::Status(500));
    assert!(!trade.deliver("payment.voidRequested").await);
    let path = format!("/v1/payments/{}", trade.payment().await.id);
    assert_eq!(trade.ada.get(&path).await.is(200).json["voidPending"], true);
    // The message is a dead letter; maintenance sends another one.
    trade.shop.clock.advance(RESUME);
    trade.shop.run_maintenance().await;
    let resumed = trade.shop.enqueued_about("payment.voidRequested", &trade.order).await.pop().unwrap();
    assert!(trade.shop.deliver(&[resumed]).await.is_empty());
    assert_eq!(trade.stripe.intent(&trade.intent().await)["status"], "canceled");
    assert_eq!(trade.ada.get(&path).await.is(200).json["voidPending"], Value::Null);
    trade.shop.verify().await;
}
