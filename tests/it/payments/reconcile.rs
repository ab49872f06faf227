//! `ops reconcile`: the gateway's books against the shop's.

use std::time::Duration;

use payment_processing::reconcile::{Cause, Remedy, Report, reconcile};
use serde_json::json;
use shared::{
    domain::payment::{DisputeStatus, PaymentStatus},
    gateway::Window,
};
use tests::{Person, StripeDouble, TestShop, people::checkout_body, stripe_double::Failure};

/// Longer than a payment counts as being processed.
const LATER: Duration = Duration::from_secs(11 * 60);

struct Books {
    shop: TestShop,
    stripe: StripeDouble,
    ada: Person,
    order: String,
}

impl Books {
    async fn ordered(token: &str) -> Self {
        let (shop, stripe) = TestShop::start_with_double().await;
        let mug = shop.stock("MUG-1", 10).await;
        let ada = shop.customer("ada").await;
        ada.add_to_cart(&mug, 1).await.is(200);
        let order = ada.checkout_with("order", checkout_body(token)).await.is(201).id();
        shop.deliver_everything().await;
        Self { shop, stripe, ada, order }
    }

    async fn intent(&self) -> String {
        self.shop.payment_of(&self.order).await.transaction_id.clone().unwrap()
    }

    async fn compare(&self, heal: bool) -> Report {
        self.shop.clock.advance(LATER);
        let now = self.shop.clock.now();
        let window = Window { from: now.minus(Duration::from_secs(24 * 3600)), until: now };
        reconcile(self.shop.store(), self.shop.gateway.as_ref(), window, heal, now).await.unwrap()
    }

    /// There is one break; it is healed, and the books agree afterwards.
    async fn heals(&self, cause: Cause, remedy: Remedy) {
        let report = self.compare(false).await;
        let found: Vec<_> = report.breaks.iter().map(|found| (found.cause, found.remedy)).collect();
        assert_eq!(found, [(cause, remedy)]);
        self.shop.deliver_everything().await;
        assert_eq!(self.compare(true).await.breaks.len(), 1, "without --heal, nothing was changed");
        self.shop.deliver_everything().await;
        let report = self.compare(true).await;
        assert!(report.breaks.is_empty(), "{:?}", report.breaks);
        self.shop.verify().await;
    }

    /// There is one break, which waits for a person, whatever is healed.
    async fn needs_a_person(&self, cause: Cause) {
        for _ in 0..2 {
            let report = self.compare(true).await;
            let found: Vec<_> = report.breaks.iter().map(|found| (found.cause, found.remedy)).collect();
            assert_eq!(found, [(cause, Remedy::Person)]);
            self.shop.deliver_everything().await;
        }
    }
}

#[tokio::test]
async fn the_books_of_a_sale_agree() {
    let books = Books::ordered("pm_card_visa").await;
    let report = books.compare(false).await;
    assert_eq!((report.charges, report.payments, report.in_progress, report.breaks.len()), (1, 1, 0, 0));
    let just_now = books.ada.request("POST", &format!("/v1/orders/{}/cancel", books.order)).key("cancel").send().await;
    just_now.is(200);
    books.shop.deliver_everything().await;
    let report = books.compare(false).await;
    assert!(report.breaks.is_empty(), "{:?}", report.breaks);
    let written = serde_json::to_value(&report).unwrap();
    assert_eq!((&written["charges"], &written["breaks"]), (&json!(1), &json!([])));
}

#[tokio::test]
async fn a_charge_whose_webhook_was_lost_is_found_and_recorded() {
    let books = Books::ordered("pm_card_authenticationRequired").await;
    books.stripe.complete_action(&books.intent().await, true);
    books.heals(Cause::ChargeNotRecorded, Remedy::LookUp).await;
    assert_eq!(books.shop.payment_of(&books.order).await.status, PaymentStatus::Completed);
}

#[tokio::test]
async fn a_refund_in_the_dashboard_is_found_and_recorded() {
    let books = Books::ordered("pm_card_visa").await;
    books.stripe.dashboard().refund(&books.intent().await, 400);
    books.heals(Cause::RefundsDiffer, Remedy::LookUp).await;
    assert_eq!(books.shop.payment_of(&books.order).await.refunds[0].amount.minor(), 400);
}

#[tokio::test]
async fn a_dispute_is_found_and_recorded() {
    let books = Books::ordered("pm_card_visa").await;
    books.stripe.dashboard().open_dispute(&books.intent().await, "fraudulent");
    books.heals(Cause::DisputeNotRecorded, Remedy::LookUp).await;
    assert_eq!(books.shop.payment_of(&books.order).await.disputes[0].status, DisputeStatus::Open);
}

#[tokio::test]
async fn a_cancelled_order_whose_intent_is_alive_is_voided() {
    let books = Books::ordered("pm_card_authenticationRequired").await;
    let cancelled = books.ada.request("POST", &format!("/v1/orders/{}/cancel", books.order)).key("cancel").send().await;
    cancelled.is(200);
    for message in books.shop.enqueued("payment.voidRequested").await {
        books.stripe.fail_next("POST", "/v1/payment_intents/*/cancel", Failure::Status(500));
        assert_eq!(books.shop.deliver(&[message]).await.len(), 1);
    }
    let report = books.compare(true).await;
    assert_eq!((report.breaks[0].cause, report.breaks[0].remedy), (Cause::ChargeAlive, Remedy::Void));
    books.shop.deliver_everything().await;
    assert_eq!(books.stripe.intent(&books.intent().await)["status"], "canceled");
    assert!(books.compare(true).await.breaks.is_empty());
}

#[tokio::test]
async fn what_only_a_person_can_decide_is_listed_and_not_changed() {
    let books = Books::ordered("pm_card_visa").await;
    let payment = books.shop.payment_of(&books.order).await.id.to_string();
    let foreign = books.stripe.dashboard().open_intent(700, "usd", &[]);
    books.stripe.dashboard().succeed_with(&foreign, 700, "usd");
    assert!(books.compare(true).await.breaks.is_empty(), "another program's charge is not the shop's");
    let again = books.stripe.dashboard().open_intent(1500, "usd", &[("paymentId", &payment)]);
    books.stripe.dashboard().succeed_with(&again, 1500, "usd");
    books.needs_a_person(Cause::ChargedTwice).await;

    let books = Books::ordered("pm_card_visa").await;
    let unknown = books.stripe.dashboard().open_intent(900, "usd", &[("paymentId", "6740a1c2e4b0f52d9c8b4502")]);
    books.stripe.dashboard().succeed_with(&unknown, 900, "usd");
    books.needs_a_person(Cause::PaymentUnknown).await;

    let books = Books::ordered("pm_card_visa").await;
    books.stripe.dashboard().forget_intent(&books.intent().await);
    books.needs_a_person(Cause::ChargeMissing).await;
}

#[tokio::test]
async fn every_night_requests_the_comparison_of_the_last_days_once() {
    let books = Books::ordered("pm_card_visa").await;
    books.stripe.dashboard().refund(&books.intent().await, 400);
    books.shop.clock.advance(Duration::from_secs(24 * 3600));
    let worker = books.shop.maintenance();
    let requested = maintenance::request_reconciliation(&worker).await.unwrap();
    assert_eq!((requested, maintenance::request_reconciliation(&worker).await.unwrap()), (99, 0));
    books.shop.deliver_everything().await;
    assert_eq!(books.shop.payment_of(&books.order).await.refunds.len(), 1, "found and recorded");
    books.shop.clock.advance(Duration::from_secs(24 * 3600));
    assert_eq!(maintenance::request_reconciliation(&worker).await.unwrap(), 99);
}
