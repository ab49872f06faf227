//! After a history, the world calms down, and everything ends.
//!
//! The gateway answers, decides its refunds and disputes, and delivers its events; workers and maintenance do their work; the
//! administrator ships what is paid and decides what the shop lists for a person. Then each order has ended, each amount that
//! was promised is paid or refused, and the books agree with the gateway's.

use std::time::Duration;

use payment_processing::reconcile::{Break, Cause, reconcile};
use shared::{
    domain::{
        Money,
        order::OrderStatus,
        payment::{CaptureMode, GatewayName, Payment, PaymentStatus, RefundStatus},
    },
    gateway::Window,
    store::Versioned,
};

use super::{step::Decision, world::World};
use crate::stripe_double::RefundOutcome;

/// Longer than the time after which maintenance resumes what may be a dead letter.
const RESUME: Duration = Duration::from_secs(11 * 60);

/// Longer than an unpaid order keeps its stock, also one that waits for a transfer.
const EXPIRY: Duration = Duration::from_secs(8 * 24 * 3600);

/// More than anything needs to end, and few enough to notice what goes in circles.
const ROUNDS: usize = 6;

impl World {
    /// Lets everything end.
    ///
    /// # Panics
    /// If something does not, or the books differ.
    pub(super) async fn end(&mut self) {
        self.stripe.calm();
        for _ in 0..2 {
            self.round().await;
            self.decide_everything().await;
        }
        self.shop.clock.advance(EXPIRY);
        for round in 0..ROUNDS {
            self.round().await;
            // Events that were lost.
            self.compare_books(true).await;
            self.deliver_all().await;
            self.decide_everything().await;
            if round > 1 && self.all_ended().await.is_none() {
                break;
            }
        }
        if let Some(undecided) = self.all_ended().await {
            panic!("something does not end: {undecided}");
        }
        for (order, _) in self.orders.clone() {
            self.check_books(&order).await;
        }
        let breaks = self.compare_books(false).await;
        assert!(breaks.is_empty(), "the books differ: {breaks:#?}");
        self.shop.verify().await;
    }

    /// The gateway decides and tells, time passes, and everything is delivered.
    async fn round(&mut self) {
        for (order, _) in self.orders.clone() {
            for refund in self.stripe.refunds_of(self.payment(&order).await.id) {
                if refund["status"] == "pending" {
                    self.stripe.settle_refund(refund["id"].as_str().unwrap(), RefundOutcome::Succeeded);
                }
            }
        }
        for dispute in std::mem::take(&mut self.disputes) {
            let won = self.orders.len().is_multiple_of(2);
            self.close(&dispute, won);
        }
        self.shop.clock.advance(RESUME);
        self.shop.run_maintenance().await;
        self.deliver_all().await;
    }

    /// The administrator ships what is paid, transfers what is owed, and decides about refunds that failed.
    async fn decide_everything(&mut self) {
        for (payment, refund) in self.refunds_in(&[RefundStatus::Failed]).await {
            self.decide(&payment, refund, if refund % 2 == 0 { Decision::Retry } else { Decision::Reject }).await;
        }
        for (payment, refund) in self.refunds_in(&[RefundStatus::Approved]).await {
            if payment.refunds[refund].by_transfer {
                self.decide(&payment, refund, Decision::MarkPaid).await;
            }
        }
        for (order, _) in self.orders.clone() {
            if self.shop.find_order(&order).await.status == OrderStatus::Processing {
                self.ship(&order).await;
            }
            if self.shop.find_order(&order).await.status == OrderStatus::Shipped {
                self.command_of_admin(&format!("/v1/orders/{order}/deliver"), serde_json::json!({})).await;
            }
        }
        self.deliver_all().await;
    }

    /// What has not ended, in words. What is listed for a person counts as ended.
    async fn all_ended(&self) -> Option<String> {
        for (order, _) in &self.orders {
            let found = self.shop.find_order(order).await;
            let payment = self.payment(order).await;
            if payment.attention.is_some() {
                continue;
            }
            // An order whose money went back in full otherwise waits for the administrator to cancel it.
            let is_paid_back = payment.is_paid_back();
            let has_ended = matches!(
                found.status,
                OrderStatus::Cancelled | OrderStatus::Delivered | OrderStatus::Refunded | OrderStatus::Shipped
            ) || (is_paid_back && found.status == OrderStatus::Processing);
            if !has_ended {
                return Some(format!("order {order} is {}", found.status.as_str()));
            }
            if payment.status == PaymentStatus::Processing || payment.void_pending {
                return Some(format!("the payment of {order} is {}", payment.status.as_str()));
            }
            if let Some(refund) = payment.refunds.iter().find(|refund| refund.status == RefundStatus::Approved) {
                return Some(format!("the refund {} of {order} is approved", refund.id));
            }
            if payment.has_open_dispute() {
                return Some(format!("a dispute of {order} is open"));
            }
        }
        None
    }

    /// The shop's books and the gateway's agree about a payment, and no money is lost.
    async fn check_books(&self, order: &str) {
        let payment = self.payment(order).await;
        let moved = self.stripe.moved(payment.id);
        assert!(moved.charged.len() <= 1, "order {order} was charged {:?}", moved.charged);
        let charged: i64 = moved.charged.iter().sum();
        if payment.attention.is_some() {
            return;
        }
        if payment.gateway == GatewayName::Stripe {
            // What is captured on shipping can be captured in part.
            let is_whole = charged == 0 || charged == payment.amount.minor();
            let is_part = payment.capture_mode == CaptureMode::OnShipping && charged < payment.amount.minor();
            assert!(is_whole || is_part, "order {order} was charged {charged}");
            assert_eq!(payment.captured.minor(), charged, "captured of order {order}");
            let is_paid_out = |status| matches!(status, RefundStatus::Approved | RefundStatus::Processed);
            let refunded: i64 = payment
                .refunds
                .iter()
                .filter(|refund| is_paid_out(refund.status) && !refund.is_transferred)
                .map(|refund| refund.amount.minor())
                .sum();
            assert_eq!(refunded, moved.refunded, "refunds of order {order}");
            let lost = payment.disputed().unwrap().minor();
            assert_eq!(lost, moved.disputed_lost, "disputes of order {order}");
        }
        if payment.gateway == GatewayName::BankTransfer {
            assert_eq!(charged, 0, "order {order} was charged beside its transfers");
        }
        let received = payment.received().unwrap();
        let of_transfers = payment.refunds.iter().filter(|refund| refund.by_transfer);
        let returned = Money::sum(of_transfers.map(|refund| refund.amount)).unwrap();
        let is_kept = payment.gateway == GatewayName::BankTransfer && payment.captured == received;
        assert!(is_kept || returned == received, "what arrived for order {order} is neither kept nor returned");
        self.check_promise(order, &payment).await;
    }

    /// A cancelled order gives all of its money back, unless a person refused to.
    async fn check_promise(&self, order: &str, payment: &Versioned<Payment>) {
        let is_cancelled = self.shop.find_order(order).await.status == OrderStatus::Cancelled;
        let is_refused = payment.refunds.iter().any(|refund| refund.status == RefundStatus::Rejected);
        if is_cancelled && !is_refused && payment.captured.minor() > 0 {
            assert!(payment.is_paid_back(), "order {order} is cancelled, and its money is not refunded");
        }
    }

    /// The breaks between the gateway's books and the shop's. What a person broke in the dashboard is listed for a person and is
    /// none.
    async fn compare_books(&self, heal: bool) -> Vec<Break> {
        let now = self.shop.clock.now().plus(RESUME);
        let window = Window { from: now.minus(Duration::from_secs(60 * 24 * 3600)), until: now };
        let report = reconcile(self.shop.store(), self.shop.gateway.as_ref(), window, heal, now).await.unwrap();
        let mut breaks = Vec::new();
        for found in report.breaks {
            let payment = self.shop.store().payments.find(found.payment).await.unwrap();
            let is_listed = payment.is_some_and(|payment| payment.attention.is_some());
            if !is_listed && found.cause != Cause::ChargeContradicts {
                breaks.push(found);
            }
        }
        breaks
    }
}
