//! Authorised when the order is placed, captured when its parcels are shipped, voided before the authorisation ends.

use std::time::Duration;

use bson::doc;
use futures::{future::join_all, join};
use payment_processing::reconcile::{Cause, reconcile};
use serde_json::{Value, json};
use shared::{
    domain::{
        Money, Random,
        order::{CancellationReason, OrderStatus},
        payment::{CaptureOrigin, CaptureStatus, Payment, PaymentStatus, RefundStatus},
    },
    gateway::Window,
    store::Versioned,
};
use tests::{
    Person, Reply, StripeDouble, TestShop, cards,
    gateway::Moment,
    people::checkout_body,
    stripe_double::{Confirmation, Failure, Moved},
};

use super::AFTER_EXPIRY;

/// Two mugs of Grace's for 1000 each, with 145 of tax; a spade of Eve's for 700, with 51; shipping for 500, with 36.
const TOTAL: i64 = 3432;
const FIRST: i64 = 2145 + 536;
const SECOND: i64 = 751;

/// Longer than the time after which maintenance resumes what may be a dead letter.
const RESUME: Duration = Duration::from_secs(11 * 60);

/// Longer than the time for which a capture that failed is not requested again.
const RETRY: Duration = Duration::from_secs(2 * 3600);

const DAY: Duration = Duration::from_secs(24 * 3600);

const CAPTURE: &str = "/v1/payment_intents/*/capture";

/// Ada's order of two sellers, in a shop that captures on shipping.
struct Deal {
    shop: TestShop,
    stripe: StripeDouble,
    ada: Person,
    grace: Person,
    eve: Person,
    admin: Person,
    order: String,
}

impl Deal {
    /// A card that can be captured once, or in parts; no message has been processed.
    async fn placed(multicapture: bool) -> Self {
        let (shop, stripe) = TestShop::start_with_double().await;
        if multicapture {
            stripe.enable_multicapture();
        }
        let (grace, eve) = (shop.seller("grace").await, shop.seller("eve").await);
        let (ada, admin) = (shop.customer("ada").await, shop.admin("root").await);
        let tax = json!({"pricesIncludeTax": false, "rows": [{"country": "US", "rateBp": 725, "taxShipping": true}]});
        admin.put("/v1/settings/tax", tax).await.is(200);
        admin.put("/v1/settings/payments", json!({"capture": "on_shipping"})).await.is(200);
        let mug = shop.product_of(&grace, "MUG-1", json!({"inventory": {"quantity": 10}})).await;
        let spade = json!({"price": {"regular": 700, "currency": "USD"}, "inventory": {"quantity": 10}});
        let spade = shop.product_of(&eve, "SPADE-1", spade).await;
        ada.add_to_cart(&mug, 2).await.is(200);
        ada.add_to_cart(&spade, 1).await.is(200);
        let placed = ada.checkout("order").await;
        assert_eq!(placed.is(201).json["pricing"]["total"], TOTAL);
        Self { shop, stripe, ada, grace, eve, admin, order: placed.id() }
    }

    /// Authorised, and being picked.
    async fn authorised(multicapture: bool) -> Self {
        let deal = Self::placed(multicapture).await;
        deal.shop.deliver_everything().await;
        deal.is_authorised().await;
        deal
    }

    async fn is_authorised(&self) {
        let payment = self.payment().await;
        assert_eq!((payment.status, payment.captured.minor()), (PaymentStatus::Processing, 0));
        assert_eq!(payment.authorised.unwrap().amount.minor(), TOTAL);
        assert_eq!((self.status().await, self.reserved().await), (OrderStatus::Processing, 2));
        assert_eq!(self.moved().await, Moved::default());
        self.shop.verify().await;
    }

    async fn payment(&self) -> Versioned<Payment> {
        self.shop.payment_of(&self.order).await
    }

    async fn intent(&self) -> String {
        self.payment().await.transaction_id.clone().unwrap()
    }

    async fn status(&self) -> OrderStatus {
        self.shop.find_order(&self.order).await.status
    }

    async fn reserved(&self) -> i64 {
        self.shop.stock_of("MUG-1").await.reserved
    }

    async fn moved(&self) -> Moved {
        self.stripe.moved(self.payment().await.id)
    }

    /// Amount and state of each capture.
    async fn captures(&self) -> Vec<(i64, CaptureStatus)> {
        self.payment().await.captures.iter().map(|each| (each.amount.minor(), each.status)).collect()
    }

    async fn ship(&self, person: &Person) -> Reply {
        let parcel = json!({"carrier": "DHL", "trackingNumber": "JD014600003817"});
        person.post(&format!("/v1/orders/{}/ship", self.order), parcel).await
    }

    async fn cancel(&self) -> Reply {
        self.ada.request("POST", &format!("/v1/orders/{}/cancel", self.order)).key("cancel").send().await
    }

    async fn capture(&self, person: &Person, key: &str, body: Value) -> Reply {
        let path = format!("/v1/payments/{}/capture", self.payment().await.id);
        person.request("POST", &path).key(key).json(body).send().await
    }

    async fn refund(&self, key: &str, amount: i64) -> Reply {
        let path = format!("/v1/payments/{}/refunds", self.payment().await.id);
        let body = json!({"amount": amount, "reason": "a scratch"});
        self.admin.request("POST", &path).key(key).json(body).send().await
    }

    /// Fails the test unless this is what was charged, and our books say so too.
    async fn is_charged(&self, amount: i64) {
        let (payment, moved) = (self.payment().await, self.moved().await);
        let charged = if amount == 0 { Vec::new() } else { vec![amount] };
        assert_eq!((&moved.charged, payment.captured.minor()), (&charged, amount), "{:?}", payment.captures);
        let refunded = payment.refunds.iter().filter(|refund| refund.status == RefundStatus::Processed);
        assert_eq!(refunded.map(|refund| refund.amount.minor()).sum::<i64>(), moved.refunded);
        self.shop.verify().await;
    }

    /// Fails the test unless the order is cancelled, its stock released and nothing charged.
    async fn is_void(&self) {
        let payment = self.payment().await;
        assert_eq!((self.status().await, self.reserved().await), (OrderStatus::Cancelled, 0));
        assert_eq!((payment.status, payment.void_pending), (PaymentStatus::Failed, false));
        assert_eq!((payment.authorised, payment.refunds.len()), (None, 0));
        assert_eq!(self.stripe.intent(&self.intent().await)["status"], "canceled");
        assert_eq!(self.moved().await, Moved::default());
        self.shop.verify().await;
    }

    /// What differs between the gateway's books and the shop's; heals what it can.
    async fn breaks(&self) -> Vec<Cause> {
        self.shop.clock.advance(RESUME);
        let now = self.shop.clock.now();
        let window = Window { from: now.minus(DAY), until: now };
        let report = reconcile(self.shop.store(), self.shop.gateway.as_ref(), window, true, now).await.unwrap();
        self.shop.deliver_everything().await;
        report.breaks.iter().map(|found| found.cause).collect()
    }

    /// Ada sends everything back, and it is received.
    async fn send_everything_back(&self) {
        let order = self.shop.find_order(&self.order).await;
        let items: Vec<_> =
            order.items.iter().map(|item| json!({"itemId": item.id, "quantity": item.quantity})).collect();
        let path = format!("/v1/orders/{}/returns", self.order);
        let wanted = json!({"items": items, "reason": "too heavy"});
        let asked = self.ada.request("POST", &path).key("back").json(wanted).send().await;
        let returned = asked.is(201).id();
        for verb in ["approve", "receive"] {
            self.admin.request("POST", &format!("/v1/returns/{returned}/{verb}")).send().await.is(200);
        }
        self.shop.deliver_everything().await;
    }

    /// How many payments `ops verify` lists for a person.
    async fn undecided(&self) -> u64 {
        let report = ops::verify::verify(self.shop.store(), self.shop.clock.now()).await.unwrap();
        report.checks.iter().find(|check| check.rule.contains("waits for a person")).unwrap().violations
    }

    /// Fails the test unless shipping is refused.
    async fn is_not_shipped(&self) {
        let refused = self.ship(&self.admin).await;
        assert_eq!(refused.is_problem(409, "illegal_transition").json["state"], "processing");
        assert!(refused.json["detail"].as_str().unwrap().contains("too little was captured"), "{}", refused.json);
    }

    async fn subjects(&self) -> Vec<String> {
        let mails = self.shop.mails_to(&self.ada.email).await;
        mails.into_iter().map(|(subject, _)| subject.split(" (").next().unwrap().to_owned()).collect()
    }
}

#[tokio::test]
async fn the_payment_settings_are_administered_and_apply_to_new_orders_only() {
    let deal = Deal::placed(false).await;
    let path = "/v1/settings/payments";
    deal.shop.get(path).await.is_problem(401, "not_authenticated");
    deal.ada.get(path).await.is_problem(403, "forbidden");
    deal.ada.put(path, json!({"capture": "immediately"})).await.is_problem(403, "forbidden");
    for bad in
        [json!({}), json!({"capture": "later"}), json!({"capture": null}), json!({"capture": "immediately", "x": 1})]
    {
        deal.admin.put(path, bad).await.is_problem(422, "invalid_body");
    }
    assert_eq!(deal.admin.get(path).await.is(200).json, json!({"capture": "on_shipping"}));
    let replaced = deal.admin.put(path, json!({"capture": "immediately"})).await;
    assert_eq!(replaced.is(200).json, json!({"capture": "immediately"}));
    deal.shop.deliver_everything().await;
    deal.is_authorised().await;

    let other = TestShop::start().await;
    let admin = other.admin("root").await;
    assert_eq!(admin.get(path).await.is(200).json, json!({"capture": "immediately"}));
}

#[tokio::test]
async fn a_bank_transfer_and_a_total_of_nothing_are_not_authorised() {
    let deal = Deal::placed(false).await;
    let free =
        json!({"zones": [{"name": "world", "countries": ["*"], "methods": [{"method": "standard", "price": 0}]}]});
    deal.admin.put("/v1/settings/shipping", free).await.is(200);
    let gift = json!({"code": "GIFT", "type": "percentage", "value": 100});
    deal.admin.post("/v1/coupons", gift).await.is(201);
    let mug = deal.shop.stock("MUG-2", 10).await;
    for (method, coupon, status) in
        [("bank_transfer", None, PaymentStatus::Pending), ("credit_card", Some("GIFT"), PaymentStatus::Completed)]
    {
        deal.ada.add_to_cart(&mug, 1).await.is(200);
        if let Some(code) = coupon {
            deal.ada.put("/v1/cart/coupon", json!({"code": code})).await.is(200);
        }
        let mut body = checkout_body(cards::GOOD);
        body["payment"] = json!({"method": method});
        let order = deal.ada.checkout_with(method, body).await.is(201).id();
        deal.shop.deliver_everything().await;
        let payment = deal.shop.payment_of(&order).await;
        assert_eq!((payment.status, payment.authorised), (status, None), "{method}");
        let capture = format!("/v1/payments/{}/capture", payment.id);
        let refused = deal.admin.request("POST", &capture).key("capture").send().await;
        assert_eq!(refused.is_problem(409, "nothing_to_capture").json["capturable"], 0);
    }
}

#[tokio::test]
async fn an_order_is_confirmed_when_its_payment_is_authorised() {
    let deal = Deal::authorised(false).await;
    let path = format!("/v1/payments/{}", deal.payment().await.id);
    let seen = deal.ada.get(&path).await.is(200).json.clone();
    assert_eq!((&seen["status"], &seen["captured"], &seen["captures"]), (&json!("processing"), &json!(0), &json!([])));
    assert_eq!(seen["authorised"]["amount"], TOTAL);
    let until = deal.payment().await.authorised.unwrap().until;
    assert_eq!(until.since(deal.shop.clock.now()).as_secs().div_ceil(3600), 7 * 24);
    let order = deal.shop.find_order(&deal.order).await;
    assert_eq!(order.timeline[1].note, "payment authorised");
    assert!(deal.subjects().await.contains(&"Your order is confirmed".to_owned()));
    // Nothing is left to do until it is shipped.
    deal.shop.clock.advance(RESUME);
    let report = deal.shop.run_maintenance().await;
    assert_eq!((report.looked_up, report.resumed, report.expired), (0, 0, 0));
}

#[tokio::test]
async fn each_parcel_captures_its_share_and_the_last_one_the_rest() {
    let deal = Deal::authorised(true).await;
    deal.ship(&deal.grace).await.is(200);
    assert_eq!(deal.captures().await, [(FIRST, CaptureStatus::Requested)], "in the transaction of the shipment");
    deal.shop.deliver_everything().await;
    deal.is_charged(FIRST).await;
    let payment = deal.payment().await;
    assert_eq!((payment.status, payment.authorised.unwrap().amount.minor()), (PaymentStatus::Completed, SECOND));
    deal.ship(&deal.eve).await.is(200);
    deal.shop.deliver_everything().await;
    deal.is_charged(TOTAL).await;
    let payment = deal.payment().await;
    assert_eq!((payment.authorised, deal.status().await), (None, OrderStatus::Shipped));
    let seen = deal.admin.get(&format!("/v1/payments/{}", payment.id)).await.json;
    assert_eq!((&seen["captures"][0]["parcel"], &seen["captures"][1]["parcel"]), (&json!(0), &json!(1)));
    assert_eq!((&seen["captured"], seen.get("authorised")), (&json!(TOTAL), None));
    assert!(seen["captures"][1]["capturedAt"].is_string());
}

#[tokio::test]
async fn parcels_that_leave_at_once_are_captured_one_after_the_other() {
    let deal = Deal::authorised(true).await;
    deal.ship(&deal.admin).await.is(200);
    let requested = [(FIRST, CaptureStatus::Requested), (SECOND, CaptureStatus::Requested)];
    assert_eq!(deal.captures().await, requested);
    // The last one first: it takes its part, and releases nothing.
    let mut messages = deal.shop.enqueued("payment.captureRequested").await;
    messages.reverse();
    deal.shop.deliver(&messages).await;
    deal.shop.deliver_everything().await;
    deal.is_charged(TOTAL).await;
    assert_eq!(deal.captures().await, [(FIRST, CaptureStatus::Captured), (SECOND, CaptureStatus::Captured)]);
}

#[tokio::test]
async fn the_first_parcel_captures_everything_where_the_card_is_captured_once() {
    let deal = Deal::authorised(false).await;
    deal.ship(&deal.eve).await.is(200);
    deal.shop.deliver_everything().await;
    deal.is_charged(TOTAL).await;
    deal.ship(&deal.grace).await.is(200);
    deal.shop.deliver_everything().await;
    deal.is_charged(TOTAL).await;
    assert_eq!(deal.captures().await, [(TOTAL, CaptureStatus::Captured)]);
}

#[tokio::test]
async fn a_cancelled_order_is_voided_and_not_refunded() {
    let deal = Deal::authorised(true).await;
    deal.cancel().await.is(200);
    let payment = deal.payment().await;
    assert_eq!((payment.status, payment.void_pending), (PaymentStatus::Failed, true));
    deal.capture(&deal.admin, "late", json!({})).await.is_problem(409, "nothing_to_capture");
    deal.shop.deliver_everything().await;
    deal.is_void().await;
    let cancellation = deal.shop.find_order(&deal.order).await.cancellation.clone().unwrap();
    assert_eq!(cancellation.reason, CancellationReason::Requested);
}

#[tokio::test]
async fn the_method_of_the_retry_decides_whether_a_payment_is_captured_on_shipping() {
    let deal = Deal::placed(false).await;
    let mug = deal.shop.stock("MUG-2", 10).await;
    for (first, second) in [("credit_card", "bank_transfer"), ("bank_transfer", "credit_card")] {
        deal.ada.add_to_cart(&mug, 1).await.is(200);
        let method = |method: &str| match method {
            "credit_card" => json!({"method": method, "token": cards::DECLINED}),
            _ => json!({"method": method}),
        };
        let mut body = checkout_body(cards::GOOD);
        body["payment"] = method(first);
        let order = deal.ada.checkout_with(first, body).await.is(201).id();
        deal.shop.deliver_everything().await;
        let payment = deal.shop.payment_of(&order).await.id;
        let other =
            if second == "credit_card" { json!({"method": second, "token": cards::GOOD}) } else { method(second) };
        let confirm = deal.ada.request("POST", &format!("/v1/payments/{payment}/confirm")).key("other").json(other);
        confirm.send().await.is(200);
        deal.shop.deliver_everything().await;
        let payment = deal.shop.payment_of(&order).await;
        assert_eq!(payment.authorised.is_some(), second == "credit_card", "{second}");
        assert!(payment.captured.is_zero());
        deal.shop.verify().await;
    }
}

#[tokio::test]
async fn a_card_is_saved_when_it_is_authorised() {
    let deal = Deal::authorised(false).await;
    let mug = deal.shop.stock("MUG-2", 10).await;
    deal.ada.add_to_cart(&mug, 1).await.is(200);
    let mut body = checkout_body(cards::GOOD);
    let token = deal.stripe.card("4242424242424242");
    body["payment"] = json!({"method": "credit_card", "token": token, "saveMethod": true});
    let order = deal.ada.checkout_with("saved", body).await.is(201).id();
    deal.shop.deliver_everything().await;
    assert!(deal.shop.payment_of(&order).await.captured.is_zero());
    let saved = deal.ada.get("/v1/payments/methods").await;
    assert_eq!(saved.is(200).json["items"][0]["last4"], "4242");
}

#[tokio::test]
async fn a_lost_void_is_requested_again() {
    let deal = Deal::authorised(true).await;
    deal.cancel().await.is(200);
    deal.stripe.fail_next("POST", "/v1/payment_intents/*/cancel", Failure::AnswerLost);
    let void = deal.shop.enqueued("payment.voidRequested").await;
    assert!(!deal.shop.deliver(&void).await.is_empty());
    deal.shop.clock.advance(RESUME);
    assert!(deal.shop.run_maintenance().await.resumed > 0);
    deal.shop.deliver_everything().await;
    deal.is_void().await;
}

#[tokio::test]
async fn an_administrator_captures_a_part_and_then_the_rest() {
    let deal = Deal::authorised(true).await;
    deal.capture(&deal.ada, "mine", json!({})).await.is_problem(403, "forbidden");
    deal.capture(&deal.admin, "nothing", json!({"amount": 0})).await.is_problem(422, "validation_failed");
    let beyond = deal.capture(&deal.admin, "beyond", json!({"amount": TOTAL + 1})).await;
    assert_eq!(beyond.is_problem(409, "nothing_to_capture").json["capturable"], TOTAL);
    let part = deal.capture(&deal.admin, "part", json!({"amount": 1000})).await;
    assert_eq!((&part.is(202).json["status"], &part.json["amount"]), (&json!("requested"), &json!(1000)));
    let again = deal.capture(&deal.admin, "part", json!({"amount": 1000})).await;
    assert_eq!((again.header("idempotent-replayed"), &again.body), (Some("true"), &part.body));
    deal.cancel().await.is_problem(409, "order_not_cancellable");
    deal.shop.deliver_everything().await;
    deal.is_charged(1000).await;

    let rest = deal.capture(&deal.admin, "rest", json!({})).await;
    assert_eq!(rest.is(202).json["amount"], TOTAL - 1000);
    deal.capture(&deal.admin, "more", json!({})).await.is_problem(409, "nothing_to_capture");
    deal.shop.deliver_everything().await;
    deal.is_charged(TOTAL).await;
    deal.ship(&deal.admin).await.is(200);
    deal.shop.deliver_everything().await;
    deal.is_charged(TOTAL).await;
    assert_eq!(deal.captures().await.len(), 2, "a parcel has nothing to capture any more");
}

#[tokio::test]
async fn an_order_that_is_captured_in_part_is_refunded_and_its_rest_voided() {
    let deal = Deal::authorised(true).await;
    deal.capture(&deal.admin, "part", json!({"amount": 1000})).await.is(202);
    deal.shop.deliver_everything().await;
    deal.cancel().await.is(200);
    deal.shop.deliver_everything().await;
    deal.is_charged(1000).await;
    assert_eq!(deal.moved().await, Moved { charged: vec![1000], refunded: 1000, disputed_lost: 0 });
    let payment = deal.payment().await;
    assert_eq!((payment.status, payment.authorised, payment.void_pending), (PaymentStatus::Refunded, None, false));
    assert_eq!(deal.stripe.intent(&deal.intent().await)["amount_capturable"], 0);
}

#[tokio::test]
async fn only_captured_money_is_refunded() {
    let deal = Deal::authorised(true).await;
    deal.refund("early", 1).await.is_problem(409, "illegal_transition");
    deal.ship(&deal.eve).await.is(200);
    deal.shop.deliver_everything().await;
    let first = 751 + 536;
    deal.is_charged(first).await;
    let beyond = deal.refund("beyond", first + 1).await;
    assert_eq!(beyond.is_problem(409, "refund_exceeds_captured").json["refundable"], first);
    deal.refund("all", first).await.is(202);
    deal.shop.deliver_everything().await;
    assert_eq!(deal.payment().await.status, PaymentStatus::Refunded);
    // The other parcel is still to be shipped and paid.
    deal.ship(&deal.grace).await.is(200);
    deal.shop.deliver_everything().await;
    deal.is_charged(TOTAL).await;
    assert_eq!(deal.payment().await.status, PaymentStatus::Completed);
}

#[tokio::test]
async fn a_capture_whose_answer_is_lost_is_looked_up_and_made_once() {
    for failure in [
        Failure::AnswerLost,
        Failure::RequestLost,
        Failure::AfterExecuting(500),
        Failure::Status(500),
        Failure::Status(429),
        Failure::Status(409),
    ] {
        let deal = Deal::authorised(true).await;
        deal.ship(&deal.grace).await.is(200);
        deal.stripe.fail_next("POST", CAPTURE, failure);
        let requested = deal.shop.enqueued("payment.captureRequested").await;
        assert!(!deal.shop.deliver(&requested).await.is_empty(), "{failure:?}");
        assert_eq!(deal.captures().await, [(FIRST, CaptureStatus::Requested)]);
        // The first call may still be executed there: no other one is made.
        let captures = || deal.stripe.received().iter().filter(|call| call.path.ends_with("/capture")).count();
        let before = captures();
        assert!(!deal.shop.deliver(&requested).await.is_empty(), "{failure:?}");
        assert_eq!(captures(), before, "{failure:?}");
        // The message is a dead letter: maintenance enqueues it again.
        deal.shop.clock.advance(RESUME);
        assert!(deal.shop.run_maintenance().await.resumed > 0, "{failure:?}");
        deal.shop.deliver_everything().await;
        deal.is_charged(FIRST).await;
        assert_eq!(deal.captures().await, [(FIRST, CaptureStatus::Captured)]);
    }
}

#[tokio::test]
async fn a_capture_that_is_delivered_many_times_is_made_once() {
    let deal = Deal::authorised(true).await;
    deal.ship(&deal.grace).await.is(200);
    let requested = deal.shop.enqueued("payment.captureRequested").await;
    join_all((0..8).map(|_| deal.shop.deliver(&requested))).await;
    deal.shop.deliver_everything().await;
    deal.is_charged(FIRST).await;
    assert_eq!(deal.captures().await, [(FIRST, CaptureStatus::Captured)]);
}

#[tokio::test]
async fn a_capture_that_the_gateway_refuses_for_good_is_shown_to_a_person() {
    let deal = Deal::authorised(true).await;
    deal.ship(&deal.grace).await.is(200);
    deal.stripe.dashboard().cancel(&deal.intent().await);
    deal.shop.deliver_everything().await;
    let payment = deal.payment().await;
    assert_eq!((deal.captures().await, payment.status), (vec![(FIRST, CaptureStatus::Failed)], PaymentStatus::Failed));
    assert!(payment.attention.as_deref().unwrap().contains("the authorisation has ended"), "{:?}", payment.attention);
    assert_eq!(deal.status().await, OrderStatus::Processing, "a part of it has left");
    deal.capture(&deal.admin, "again", json!({})).await.is_problem(409, "nothing_to_capture");
    deal.is_charged(0).await;
    assert_eq!(deal.undecided().await, 1);
}

#[tokio::test]
async fn a_refused_capture_of_a_standing_authorisation_can_be_captured_by_hand() {
    let deal = Deal::authorised(true).await;
    deal.ship(&deal.grace).await.is(200);
    deal.stripe.fail_next("POST", CAPTURE, Failure::Status(402));
    deal.shop.deliver_everything().await;
    assert_eq!(deal.captures().await, [(FIRST, CaptureStatus::Failed)]);
    assert!(deal.payment().await.attention.is_some());
    deal.capture(&deal.admin, "again", json!({"amount": FIRST})).await.is(202);
    deal.shop.deliver_everything().await;
    deal.is_charged(FIRST).await;
    assert!(deal.payment().await.attention.is_some());
    deal.ship(&deal.eve).await.is(200);
    deal.shop.deliver_everything().await;
    deal.is_charged(TOTAL).await;
    assert_eq!(deal.payment().await.attention, None, "all of the money is here");
}

#[tokio::test]
async fn a_capture_in_the_dashboard_takes_the_place_of_a_requested_one() {
    for by_hand in [TOTAL, 1000] {
        let deal = Deal::authorised(true).await;
        deal.ship(&deal.grace).await.is(200);
        deal.stripe.dashboard().capture(&deal.intent().await, by_hand);
        deal.shop.deliver_everything().await;
        deal.is_charged(by_hand).await;
        assert_eq!(deal.captures().await, [(FIRST, CaptureStatus::Failed), (by_hand, CaptureStatus::Captured)]);
        // What the parcel costs beyond that, a person has to ask for.
        assert_eq!(deal.payment().await.attention.is_some(), by_hand < TOTAL);
    }
}

#[tokio::test]
async fn a_cancellation_by_hand_cancels_an_order_of_which_nothing_has_left() {
    let deal = Deal::authorised(true).await;
    deal.stripe.dashboard().cancel(&deal.intent().await);
    for event in deal.stripe.events() {
        deal.shop.receive(&event).await.is(200);
    }
    deal.shop.deliver_everything().await;
    deal.is_void().await;
    let order = deal.ada.get(&format!("/v1/orders/{}", deal.order)).await.json;
    assert_eq!(order["cancellation"]["reason"], "authorisation_ended");
    assert!(deal.subjects().await.contains(&"Your order was cancelled".to_owned()));
}

#[tokio::test]
async fn captures_made_in_the_dashboard_are_recorded() {
    for (multicapture, by_hand) in [(true, 1000), (true, TOTAL), (false, 1000), (false, TOTAL)] {
        let deal = Deal::authorised(multicapture).await;
        // The dashboard's capture is final.
        deal.stripe.dashboard().capture(&deal.intent().await, by_hand);
        for event in deal.stripe.events() {
            deal.shop.receive(&event).await.is(200);
        }
        deal.shop.deliver_everything().await;
        deal.is_charged(by_hand).await;
        let payment = deal.payment().await;
        assert_eq!((payment.captures[0].made_at, payment.authorised), (CaptureOrigin::Gateway, None));
        assert_eq!((payment.status, deal.status().await), (PaymentStatus::Completed, OrderStatus::Processing));
        let is_short = by_hand < TOTAL;
        assert_eq!(payment.attention.is_some(), is_short, "{:?}", payment.attention);
        if is_short {
            deal.is_not_shipped().await;
        } else {
            deal.ship(&deal.admin).await.is(200);
            deal.shop.deliver_everything().await;
        }
        deal.is_charged(by_hand).await;
    }
}

#[tokio::test]
async fn an_order_whose_rest_was_released_waits_for_a_person() {
    let deal = Deal::authorised(false).await;
    deal.capture(&deal.admin, "too-little", json!({"amount": 100})).await.is(202);
    deal.shop.deliver_everything().await;
    deal.is_charged(100).await;
    let payment = deal.payment().await;
    assert_eq!((payment.authorised, payment.status), (None, PaymentStatus::Completed));
    assert!(payment.attention.as_deref().unwrap().starts_with("only "), "{:?}", payment.attention);
    assert_eq!(deal.undecided().await, 1);
    deal.is_not_shipped().await;
    // Its customer still gets the money back.
    deal.cancel().await.is(200);
    deal.shop.deliver_everything().await;
    assert_eq!(deal.moved().await, Moved { charged: vec![100], refunded: 100, disputed_lost: 0 });
}

#[tokio::test]
async fn an_order_whose_rest_was_released_is_shipped_once_a_person_has_decided() {
    let deal = Deal::authorised(false).await;
    deal.capture(&deal.admin, "too-little", json!({"amount": 100})).await.is(202);
    deal.shop.deliver_everything().await;
    deal.is_not_shipped().await;
    let payment = deal.payment().await.id;
    let payments = deal.shop.store().database().collection::<bson::Document>("payments");
    payments.update_one(doc! {"_id": payment}, doc! {"$unset": {"attention": ""}}).await.unwrap();
    deal.ship(&deal.admin).await.is(200);
}

#[tokio::test]
async fn reconciliation_heals_what_no_webhook_reported() {
    let deal = Deal::authorised(true).await;
    assert_eq!(deal.breaks().await, []);
    deal.ship(&deal.grace).await.is(200);
    deal.shop.deliver_everything().await;
    assert_eq!(deal.breaks().await, []);
    deal.stripe.dashboard().capture(&deal.intent().await, 100);
    assert_eq!(deal.breaks().await, [Cause::CapturedDiffers]);
    assert_eq!(deal.breaks().await, []);
    deal.is_charged(FIRST + 100).await;

    let deal = Deal::authorised(true).await;
    deal.stripe.dashboard().cancel(&deal.intent().await);
    assert_eq!(deal.breaks().await, [Cause::ChargeMissing]);
    assert_eq!(deal.breaks().await, []);
    deal.is_void().await;
}

#[tokio::test]
async fn the_order_is_confirmed_by_the_webhook_of_the_authorisation() {
    let deal = Deal::placed(true).await;
    deal.stripe.fail_next("POST", "/v1/payment_intents/*/confirm", Failure::AnswerLost);
    let requested = deal.shop.enqueued("payment.requested").await;
    assert!(!deal.shop.deliver(&requested).await.is_empty());
    let kinds = deal.stripe.event_kinds(&deal.intent().await);
    assert_eq!(kinds.last().map(String::as_str), Some("payment_intent.amount_capturable_updated"));
    for event in deal.stripe.events() {
        deal.shop.receive(&event).await.is(200);
    }
    let received = deal.shop.enqueued("payment.webhookReceived").await;
    assert!(deal.shop.deliver(&received).await.is_empty());
    assert_eq!(deal.status().await, OrderStatus::Confirmed);
    deal.shop.deliver_everything().await;
    deal.is_authorised().await;
}

#[tokio::test]
async fn an_unshipped_order_is_cancelled_a_day_before_its_authorisation_ends() {
    let deal = Deal::authorised(true).await;
    deal.shop.clock.advance(5 * DAY);
    deal.shop.run_maintenance().await;
    deal.is_authorised().await;
    deal.shop.clock.advance(DAY);
    assert_eq!(deal.shop.run_maintenance().await.expired, 1);
    deal.shop.deliver_everything().await;
    deal.is_void().await;
    let order = deal.shop.find_order(&deal.order).await;
    assert_eq!(order.cancellation.as_ref().unwrap().reason, CancellationReason::AuthorisationEnded);
    assert!(deal.subjects().await.contains(&"Your order was cancelled".to_owned()));
    assert_eq!(deal.shop.run_maintenance().await.expired, 0);
}

#[tokio::test]
async fn the_rest_of_a_partly_shipped_order_is_captured_before_the_authorisation_ends() {
    let deal = Deal::authorised(true).await;
    deal.ship(&deal.grace).await.is(200);
    deal.shop.deliver_everything().await;
    deal.shop.clock.advance(6 * DAY);
    assert_eq!(deal.shop.run_maintenance().await.expired, 1);
    assert_eq!(deal.shop.run_maintenance().await.expired, 0, "it is requested once");
    deal.shop.deliver_everything().await;
    deal.is_charged(TOTAL).await;
    assert_eq!(deal.status().await, OrderStatus::Processing);
    deal.ship(&deal.eve).await.is(200);
    deal.shop.deliver_everything().await;
    deal.is_charged(TOTAL).await;
}

#[tokio::test]
async fn what_came_back_before_it_was_captured_is_not_captured_afterwards() {
    // Shipping, with its tax, is in no line that comes back.
    const SHIPPING: i64 = 536;
    for multicapture in [true, false] {
        let deal = Deal::authorised(multicapture).await;
        deal.stripe.fail_next("POST", CAPTURE, Failure::Status(402));
        if multicapture {
            deal.stripe.fail_next("POST", CAPTURE, Failure::Status(402));
        }
        deal.ship(&deal.admin).await.is(200);
        deal.shop.deliver_everything().await;
        assert!(deal.captures().await.iter().all(|(_, status)| *status == CaptureStatus::Failed));
        assert_eq!(deal.payment().await.authorised.unwrap().amount.minor(), TOTAL);
        deal.send_everything_back().await;
        assert_eq!(deal.payment().await.refunds, []);

        deal.shop.clock.advance(6 * DAY);
        for _ in 0..3 {
            deal.shop.run_maintenance().await;
            deal.shop.deliver_everything().await;
            deal.shop.clock.advance(RETRY);
        }
        deal.is_charged(SHIPPING).await;
        let payment = deal.payment().await;
        assert_eq!((payment.authorised, payment.void_pending), (None, false));
        assert_eq!((payment.attention.as_deref(), deal.status().await), (None, OrderStatus::Refunded));
        assert_eq!(deal.stripe.intent(&deal.intent().await)["amount_capturable"], 0);
    }
}

#[tokio::test]
async fn a_return_that_was_refunded_in_part_counts_with_the_rest() {
    let deal = Deal::authorised(true).await;
    // As much as shipping costs, which is refunded for the goods.
    deal.capture(&deal.admin, "shipping", json!({"amount": 536})).await.is(202);
    deal.shop.deliver_everything().await;
    for _ in 0..2 {
        deal.stripe.fail_next("POST", CAPTURE, Failure::Status(402));
    }
    deal.ship(&deal.admin).await.is(200);
    deal.shop.deliver_everything().await;
    deal.send_everything_back().await;
    let refunded = deal.moved().await.refunded;
    deal.shop.clock.advance(6 * DAY);
    for _ in 0..3 {
        deal.shop.run_maintenance().await;
        deal.shop.deliver_everything().await;
        deal.shop.clock.advance(RETRY);
    }
    let payment = deal.payment().await;
    assert_eq!((payment.authorised, payment.void_pending, payment.attention.as_deref()), (None, false, None));
    assert_eq!(payment.captured.minor() - deal.moved().await.refunded, 536, "it refunded {refunded} before");
    deal.shop.verify().await;
}

#[tokio::test]
async fn an_authorisation_that_lapsed_before_maintenance_ran_ends_the_order() {
    let deal = Deal::authorised(true).await;
    deal.shop.clock.advance(8 * DAY);
    deal.shop.run_maintenance().await;
    deal.shop.deliver_everything().await;
    deal.is_void().await;
}

#[tokio::test]
async fn money_that_is_authorised_after_the_order_was_cancelled_is_voided() {
    let deal = Deal::placed(true).await;
    deal.stripe.next_confirmation(Confirmation::NeedsAction);
    deal.shop.deliver_everything().await;
    let intent = deal.intent().await;
    deal.cancel().await.is(200);
    // The customer completes 3-D Secure before the void reaches the gateway.
    deal.stripe.complete_action(&intent, true);
    for event in deal.stripe.events() {
        deal.shop.receive(&event).await.is(200);
    }
    let received = deal.shop.enqueued("payment.webhookReceived").await;
    assert!(deal.shop.deliver(&received).await.is_empty());
    deal.shop.deliver_everything().await;
    deal.is_void().await;
}

#[tokio::test]
async fn a_void_that_comes_after_the_authorisation_does_not_release_it() {
    let deal = Deal::placed(true).await;
    let blocked = deal.stripe.block_next("POST", "/v1/payment_intents/*/confirm", Moment::After);
    let requested = deal.shop.enqueued("payment.requested").await;
    let charge = deal.shop.deliver(&requested);
    let expire = async {
        blocked.arrived().await;
        deal.shop.clock.advance(AFTER_EXPIRY);
        deal.shop.run_maintenance().await;
        drop(blocked);
    };
    let (failed, ()) = join!(charge, expire);
    assert!(failed.is_empty());
    let voids = deal.shop.enqueued("payment.voidRequested").await;
    assert_eq!(voids.len(), 1);
    assert!(deal.shop.deliver(&voids).await.is_empty());
    deal.shop.deliver_everything().await;
    deal.is_authorised().await;
}

#[tokio::test]
async fn a_cancellation_during_a_capture_at_the_gateway_leaves_one_winner() {
    let deal = Deal::authorised(true).await;
    deal.capture(&deal.admin, "all", json!({})).await.is(202);
    let blocked = deal.stripe.block_next("POST", CAPTURE, Moment::Before);
    let requested = deal.shop.enqueued("payment.captureRequested").await;
    let capture = deal.shop.deliver(&requested);
    let cancel = async {
        blocked.arrived().await;
        let refused = deal.cancel().await;
        assert!(refused.is_problem(409, "order_not_cancellable").header("retry-after").is_some());
        // A person does it in the dashboard instead.
        deal.stripe.dashboard().cancel(&deal.intent().await);
        drop(blocked);
    };
    let (failed, ()) = join!(capture, cancel);
    assert!(failed.is_empty());
    deal.shop.deliver_everything().await;
    deal.is_void().await;
    assert_eq!(deal.captures().await, [(TOTAL, CaptureStatus::Failed)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_shipment_and_a_cancellation_one_wins_and_the_books_agree() {
    for round in 0..6 {
        let deal = Deal::authorised(round % 2 == 0).await;
        let by_hand =
            async { if round % 3 == 0 { Some(deal.capture(&deal.admin, "hand", json!({})).await) } else { None } };
        let (shipped, cancelled, captured) = join!(deal.ship(&deal.admin), deal.cancel(), by_hand);
        let (shipped, cancelled) = (shipped.status == 200, cancelled.status == 200);
        assert!(!(shipped && cancelled), "both won");
        let requested = captured.is_some_and(|reply| reply.status == 202);
        assert!(shipped || cancelled || requested, "all lost");
        deal.shop.deliver_everything().await;
        if cancelled {
            deal.is_void().await;
        } else {
            deal.is_charged(TOTAL).await;
        }
        let seen = deal.payment().await;
        assert!(seen.authorised.is_none() && !seen.void_pending);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_shipment_and_the_end_of_the_authorisation_one_wins() {
    for _ in 0..4 {
        let deal = Deal::authorised(true).await;
        deal.shop.clock.advance(6 * DAY);
        let (shipped, _) = join!(deal.ship(&deal.admin), deal.shop.run_maintenance());
        deal.shop.deliver_everything().await;
        if shipped.status == 200 {
            deal.is_charged(TOTAL).await;
            assert_eq!(deal.status().await, OrderStatus::Shipped);
        } else {
            deal.is_void().await;
        }
    }
}

#[tokio::test]
async fn in_a_storm_every_parcel_is_captured_once() {
    for seed in 1..=5 {
        let deal = Deal::authorised(seed % 2 == 0).await;
        deal.stripe.storm(Random::seeded(seed), 15);
        for seller in [&deal.eve, &deal.grace] {
            deal.ship(seller).await.is(200);
            deal.shop.deliver_everything().await;
        }
        deal.stripe.calm();
        deal.shop.process_everything().await;
        deal.is_charged(TOTAL).await;
        assert_eq!((deal.payment().await.authorised, deal.payment().await.attention.clone()), (None, None), "{seed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_captures_by_hand_never_exceed_the_authorised_amount() {
    let deal = Deal::authorised(true).await;
    let keys: Vec<String> = (0..10).map(|number| format!("part-{number}")).collect();
    let replies = join_all(keys.iter().map(|key| deal.capture(&deal.admin, key, json!({"amount": 1000})))).await;
    let accepted = replies.iter().filter(|reply| reply.status == 202).count();
    for refused in replies.iter().filter(|reply| reply.status == 409) {
        assert!(
            ["nothing_to_capture", "conflict"].contains(&refused.json["code"].as_str().unwrap()),
            "{}",
            refused.json
        );
    }
    assert!((1..=3).contains(&accepted), "{accepted} were accepted");
    deal.shop.deliver_everything().await;
    deal.is_charged(1000 * i64::try_from(accepted).unwrap()).await;
}

#[tokio::test]
async fn the_local_shop_captures_on_shipping_too() {
    let shop = TestShop::start().await;
    let (admin, ada) = (shop.admin("root").await, shop.customer("ada").await);
    admin.put("/v1/settings/payments", json!({"capture": "on_shipping"})).await.is(200);
    let mug = shop.stock("MUG-1", 10).await;
    for is_cancelled in [true, false] {
        let order = ada.order(&mug, if is_cancelled { 1 } else { 2 }).await.is(201).id();
        shop.deliver_everything().await;
        let payment = shop.payment_of(&order).await;
        assert_eq!((payment.status, payment.authorised.unwrap().amount), (PaymentStatus::Processing, payment.amount));
        if is_cancelled {
            ada.request("POST", &format!("/v1/orders/{order}/cancel")).key("cancel").send().await.is(200);
        } else {
            let parcel = json!({"carrier": "DHL", "trackingNumber": "JD014600003817"});
            admin.post(&format!("/v1/orders/{order}/ship"), parcel).await.is(200);
        }
        shop.deliver_everything().await;
        let payment = shop.payment_of(&order).await;
        let (status, captured) = if is_cancelled {
            (PaymentStatus::Failed, Money::ZERO)
        } else {
            (PaymentStatus::Completed, payment.amount)
        };
        assert_eq!((payment.status, payment.captured, payment.authorised), (status, captured, None));
    }
    shop.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_during_a_capture_is_of_captured_money_only() {
    for _ in 0..4 {
        let deal = Deal::authorised(true).await;
        deal.capture(&deal.admin, "all", json!({})).await.is(202);
        let path = format!("/v1/payments/{}/refunds", deal.payment().await.id);
        let body = json!({"amount": TOTAL, "reason": "a scratch"});
        let refund = deal.admin.request("POST", &path).key("scratch").json(body).send();
        let (refund, ()) = join!(refund, deal.shop.deliver_everything());
        deal.shop.deliver_everything().await;
        let refunded = if refund.status == 202 { TOTAL } else { 0 };
        let moved = deal.stripe.moved(deal.payment().await.id);
        assert_eq!((moved.charged, moved.refunded), (vec![TOTAL], refunded));
        deal.shop.verify().await;
    }
}
