//! The small shop of a history, and how its steps are taken.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use serde_json::{Value, json};
use shared::{
    config::Secret,
    domain::{
        Id,
        message::{Message, Queue},
        payment::{Payment, RefundStatus},
    },
    gateway::Stripe,
    queue::Publisher,
    store::{Versioned, outbox::OutboxMessage},
};

use super::step::{Decision, Method, Step};
use crate::{
    people::{Person, checkout_body},
    shop::TestShop,
    stripe_double::{DisputeEnd, Event, RefundOutcome, StripeDouble},
};

const CUSTOMERS: [&str; 2] = ["ada", "bob"];

/// Enough for a few orders, so that stock runs out sometimes.
const UNITS: i64 = 6;

/// A shop on a place of its own, which every history begins empty.
pub struct World {
    pub(super) shop: TestShop,
    pub(super) stripe: StripeDouble,
    pub(super) customers: Vec<Person>,
    pub(super) admin: Person,
    product: String,
    /// The orders of the history, oldest first, with their customer.
    pub(super) orders: Vec<(String, usize)>,
    pub(super) disputes: Vec<String>,
    processed: BTreeSet<Id<Message>>,
    keys: u64,
}

impl World {
    /// A world in a place of the test components.
    pub async fn new() -> Self {
        let mut shop = TestShop::start().await;
        let queues = sqs_stub::client(sqs_stub::start());
        // Messages are delivered by steps, so the queues only have to accept them.
        shop.reopen(|shop| {
            let urls = Queue::ALL.into_iter().map(|queue| (queue, format!("http://queue.test/{}", queue.as_str())));
            shop.publisher = Publisher::new(queues, urls.collect(), shop.store.clone(), shop.clock.clone());
        });
        let stripe = StripeDouble::start(shop.clock.clone()).await;
        let admin = shop.admin("root").await;
        Self {
            shop,
            stripe,
            customers: Vec::new(),
            admin,
            product: String::new(),
            orders: Vec::new(),
            disputes: Vec::new(),
            processed: BTreeSet::new(),
            keys: 0,
        }
    }

    /// Empties the shop and the gateway.
    pub(super) async fn begin(&mut self) {
        self.shop.place.empty().await;
        self.stripe = StripeDouble::start(self.shop.clock.clone()).await;
        let stripe = Stripe::try_new(self.stripe.base(), Secret::new(StripeDouble::SECRET_KEY)).unwrap();
        self.shop.reopen(|shop| shop.gateway = Arc::new(stripe));
        self.admin = self.shop.admin("root").await;
        self.customers.clear();
        for name in CUSTOMERS {
            self.customers.push(self.shop.customer(name).await);
        }
        self.product = self.shop.stock("MUG-1", UNITS).await;
        (self.orders, self.disputes, self.processed) = Default::default();
    }

    pub(super) fn key(&mut self) -> String {
        self.keys += 1;
        format!("walk-{}", self.keys)
    }

    pub(super) async fn payment(&self, order: &str) -> Versioned<Payment> {
        self.shop.payment_of(order).await
    }

    fn order(&self, number: usize) -> Option<(String, usize)> {
        (!self.orders.is_empty()).then(|| self.orders[number % self.orders.len()].clone())
    }

    /// Takes a step. What the shop or the gateway refuses is no failure.
    pub(super) async fn take(&mut self, step: Step) {
        match step {
            Step::CaptureOnShipping => {
                self.admin.put("/v1/settings/payments", json!({"capture": "on_shipping"})).await.is(200);
            }
            Step::CheckOut { customer, quantity, method } => self.check_out(customer, quantity, method).await,
            Step::DeliverOne { message } => self.deliver_one(message).await,
            Step::DeliverAgain { message } => self.deliver_again(message).await,
            Step::DeliverAll => self.deliver_all().await,
            Step::Webhook { event } => self.receive_one(event).await,
            Step::Fail { call, failure } => {
                let (method, path) = call.endpoint();
                self.stripe.fail_next(method, path, failure);
            }
            Step::NextRefund { outcome } => self.stripe.next_refund(outcome),
            Step::SettleRefund { refund, outcome } => self.settle_refund(refund, outcome).await,
            Step::CloseDispute { won } => self.close_dispute(won),
            Step::Wait { minutes } => self.shop.clock.advance(Duration::from_secs(60 * minutes)),
            Step::Maintain => {
                self.shop.run_maintenance().await;
            }
            Step::PayAgain { order, .. }
            | Step::Authenticate { order, .. }
            | Step::Return { order }
            | Step::Cancel { order, .. }
            | Step::Ship { order }
            | Step::Capture { order }
            | Step::CaptureInDashboard { order, .. }
            | Step::Deliver { order }
            | Step::SendBack { order }
            | Step::Refund { order, .. }
            | Step::Decide { order, .. }
            | Step::MarkPaid { order, .. }
            | Step::RefundInDashboard { order, .. }
            | Step::CancelInDashboard { order }
            | Step::ChargeWrongly { order }
            | Step::Dispute { order } => {
                if let Some((order, customer)) = self.order(order) {
                    self.take_with_order(step, &order, customer).await;
                }
            }
        }
    }

    async fn take_with_order(&mut self, step: Step, order: &str, customer: usize) {
        let payment = self.payment(order).await;
        match step {
            Step::PayAgain { method, .. } => {
                let body = payment_body(method);
                self.confirm(&payment, customer, body).await;
            }
            Step::Return { .. } => self.confirm(&payment, customer, json!({})).await,
            Step::Authenticate { succeeds, .. } => self.authenticate(&payment, succeeds),
            Step::Cancel { by_customer, .. } => {
                let person = if by_customer { self.customers[customer].clone() } else { self.admin.clone() };
                self.command(&person, &format!("/v1/orders/{order}/cancel"), json!({})).await;
            }
            Step::Ship { .. } => self.ship(order).await,
            Step::Capture { .. } => {
                self.command_of_admin(&format!("/v1/payments/{}/capture", payment.id), json!({})).await;
            }
            Step::CaptureInDashboard { percent, .. } => {
                let amount = payment.amount.minor() * percent / 100;
                if self.intent_is(&payment, &["requires_capture"]) && (1..=payment.amount.minor()).contains(&amount) {
                    self.stripe.dashboard().capture(&intent(&payment), amount);
                }
            }
            Step::Deliver { .. } => self.command_of_admin(&format!("/v1/orders/{order}/deliver"), json!({})).await,
            Step::SendBack { .. } => self.send_back(order, customer).await,
            Step::Refund { amount, .. } => {
                let body = json!({"amount": amount, "reason": "a scratch"});
                self.command_of_admin(&format!("/v1/payments/{}/refunds", payment.id), body).await;
            }
            Step::Decide { refund, decision, .. } => self.decide(&payment, refund, decision).await,
            Step::MarkPaid { percent, .. } => self.mark_paid(&payment, percent).await,
            Step::RefundInDashboard { amount, .. } => {
                if self.refundable_at_gateway(&payment) >= amount {
                    self.stripe.dashboard().refund(&intent(&payment), amount);
                }
            }
            Step::CancelInDashboard { .. } => {
                if self.intent_is(
                    &payment,
                    &["requires_confirmation", "requires_action", "requires_payment_method", "requires_capture"],
                ) {
                    self.stripe.dashboard().cancel(&intent(&payment));
                }
            }
            Step::ChargeWrongly { .. } => {
                if self.intent_is(&payment, &["requires_confirmation", "requires_action"]) {
                    self.stripe.dashboard().succeed_with(&intent(&payment), 1, "usd");
                }
            }
            Step::Dispute { .. } => {
                let is_disputed = self.stripe.moved(payment.id).disputed_lost > 0 || self.has_open_dispute(&payment);
                if self.refundable_at_gateway(&payment) > 0 && !is_disputed {
                    let dispute = self.stripe.dashboard().open_dispute(&intent(&payment), "fraudulent");
                    self.disputes.push(dispute);
                }
            }
            _ => unreachable!("a step without an order"),
        }
    }

    async fn check_out(&mut self, customer: usize, quantity: i64, method: Method) {
        let number = customer % self.customers.len();
        let person = self.customers[number].clone();
        if person.add_to_cart(&self.product, quantity).await.status != 200 {
            return;
        }
        let mut body = checkout_body("");
        body["payment"] = payment_body(method);
        let key = self.key();
        let reply = person.checkout_with(&key, body).await;
        if reply.status == 201 {
            self.orders.push((reply.id(), number));
        }
    }

    pub(super) async fn command(&mut self, person: &Person, path: &str, body: Value) {
        let key = self.key();
        let reply = person.request("POST", path).key(&key).json(body).send().await;
        let status = reply.status.as_u16();
        assert!(status < 500 || status == 503, "{path} answers {status}: {}", reply.json);
    }

    pub(super) async fn command_of_admin(&mut self, path: &str, body: Value) {
        let admin = self.admin.clone();
        self.command(&admin, path, body).await;
    }

    async fn confirm(&mut self, payment: &Payment, customer: usize, body: Value) {
        let person = self.customers[customer].clone();
        self.command(&person, &format!("/v1/payments/{}/confirm", payment.id), body).await;
    }

    fn authenticate(&self, payment: &Payment, succeeds: bool) {
        if self.intent_is(payment, &["requires_action"]) {
            self.stripe.complete_action(&intent(payment), succeeds);
        }
    }

    pub(super) async fn ship(&mut self, order: &str) {
        let parcel = json!({"carrier": "DHL", "trackingNumber": "JD014600003817"});
        self.command_of_admin(&format!("/v1/orders/{order}/ship"), parcel).await;
    }

    async fn send_back(&mut self, order: &str, customer: usize) {
        let shown = self.customers[customer].get(&format!("/v1/orders/{order}")).await;
        let body = json!({"items": [{"itemId": shown.json["items"][0]["id"], "quantity": 1}], "reason": "too small"});
        let key = self.key();
        let path = format!("/v1/orders/{order}/returns");
        let opened = self.customers[customer].request("POST", &path).key(&key).json(body).send().await;
        if opened.status == 201 {
            let id = opened.id();
            self.command_of_admin(&format!("/v1/returns/{id}/approve"), json!({})).await;
            self.command_of_admin(&format!("/v1/returns/{id}/receive"), json!({})).await;
        }
    }

    pub(super) async fn decide(&mut self, payment: &Payment, refund: usize, decision: Decision) {
        if payment.refunds.is_empty() {
            return;
        }
        let refund = payment.refunds[refund % payment.refunds.len()].id;
        let path = format!("/v1/payments/{}/refunds/{refund}", payment.id);
        let reference = self.key();
        match decision {
            Decision::Retry => self.command_of_admin(&format!("{path}/retry"), json!({})).await,
            Decision::Reject => self.command_of_admin(&format!("{path}/reject"), json!({"reason": "a voucher"})).await,
            Decision::MarkPaid => {
                self.command_of_admin(&format!("{path}/mark-paid"), json!({"reference": reference})).await;
            }
        }
    }

    /// A transfer arrives, whatever the order was to be paid by.
    pub(super) async fn mark_paid(&mut self, payment: &Payment, percent: i64) {
        let (reference, amount) = (self.key(), payment.amount.minor() * percent / 100);
        let at = self.shop.clock.now().to_string();
        let body = json!({"reference": reference, "amount": amount, "receivedAt": at});
        self.command_of_admin(&format!("/v1/payments/{}/mark-paid", payment.id), body).await;
    }

    // The gateway

    fn intent_is(&self, payment: &Payment, states: &[&str]) -> bool {
        let found = payment.transaction_id.as_ref().map(|intent| self.stripe.intent(intent));
        found.is_some_and(|intent| states.iter().any(|state| intent["status"] == *state))
    }

    fn has_open_dispute(&self, payment: &Payment) -> bool {
        let kinds = payment.transaction_id.as_ref().map(|intent| self.stripe.event_kinds(intent)).unwrap_or_default();
        let count = |kind: &str| kinds.iter().filter(|each| *each == kind).count();
        count("charge.dispute.created") > count("charge.dispute.closed")
    }

    fn refundable_at_gateway(&self, payment: &Payment) -> i64 {
        let moved = self.stripe.moved(payment.id);
        let is_current = self.intent_is(payment, &["succeeded"]);
        if is_current && !self.has_open_dispute(payment) {
            moved.charged.iter().sum::<i64>() - moved.refunded - moved.disputed_lost
        } else {
            0
        }
    }

    async fn settle_refund(&self, number: usize, outcome: RefundOutcome) {
        let mut refunds = Vec::new();
        for (order, _) in &self.orders {
            refunds.extend(self.stripe.refunds_of(self.payment(order).await.id));
        }
        // A failed refund stays failed.
        refunds.retain(|refund| refund["status"] != "failed");
        if refunds.is_empty() {
            return;
        }
        let refund = &refunds[number % refunds.len()];
        let was_paid = refund["status"] == "succeeded";
        if !was_paid || matches!(outcome, RefundOutcome::Failed(_)) {
            self.stripe.settle_refund(refund["id"].as_str().unwrap(), outcome);
        }
    }

    fn close_dispute(&mut self, won: bool) {
        if !self.disputes.is_empty() {
            let dispute = self.disputes.remove(0);
            self.close(&dispute, won);
        }
    }

    pub(super) fn close(&self, dispute: &str, won: bool) {
        self.stripe.dashboard().close_dispute(dispute, if won { DisputeEnd::Won } else { DisputeEnd::Lost });
    }

    async fn receive_one(&self, number: usize) {
        let events = self.stripe.events();
        if !events.is_empty() {
            self.receive(&events[number % events.len()]).await;
        }
    }

    pub(super) async fn receive(&self, event: &Event) {
        self.shop.receive(event).await.is(200);
    }

    // The queues

    async fn unprocessed(&self) -> Vec<OutboxMessage> {
        let mut messages = self.shop.outbox().await;
        messages.retain(|message| !self.processed.contains(&message.id));
        messages
    }

    async fn deliver_one(&mut self, number: usize) {
        let messages = self.unprocessed().await;
        if !messages.is_empty() {
            let message = messages[number % messages.len()].clone();
            self.deliver(vec![message]).await;
        }
    }

    async fn deliver_again(&self, number: usize) {
        let messages = self.shop.outbox().await;
        if !messages.is_empty() {
            self.shop.deliver(&[messages[number % messages.len()].clone()]).await;
        }
    }

    /// Delivers every message and those that follow, each until it is processed or was received five times.
    pub(super) async fn deliver_all(&mut self) {
        const RECEIVES: usize = 5;
        let mut failed_rounds = 0;
        loop {
            let messages = self.unprocessed().await;
            if messages.is_empty() {
                return;
            }
            let failed = self.deliver(messages).await;
            failed_rounds = if failed.is_empty() { 0 } else { failed_rounds + 1 };
            if failed_rounds == RECEIVES {
                // Dead letters.
                self.processed.extend(failed.iter().map(|message| message.id));
                failed_rounds = 0;
            }
        }
    }

    async fn deliver(&mut self, messages: Vec<OutboxMessage>) -> Vec<OutboxMessage> {
        let failed = self.shop.deliver(&messages).await;
        let is_failed = |message: &OutboxMessage| failed.iter().any(|other| other.id == message.id);
        self.processed.extend(messages.iter().filter(|message| !is_failed(message)).map(|message| message.id));
        failed
    }

    /// Every refund of the history in these states, with its payment.
    pub(super) async fn refunds_in(&self, states: &[RefundStatus]) -> Vec<(Versioned<Payment>, usize)> {
        let mut found = Vec::new();
        for (order, _) in &self.orders {
            let payment = self.payment(order).await;
            let numbers: Vec<usize> =
                (0..payment.refunds.len()).filter(|number| states.contains(&payment.refunds[*number].status)).collect();
            found.extend(numbers.into_iter().map(|number| (payment.clone(), number)));
        }
        found
    }
}

fn intent(payment: &Payment) -> String {
    payment.transaction_id.clone().unwrap_or_default()
}

fn payment_body(method: Method) -> Value {
    let token = match method {
        Method::Card => "pm_card_visa",
        Method::DeclinedCard => "pm_card_chargeDeclinedInsufficientFunds",
        Method::AuthenticatedCard => "pm_card_authenticationRequired",
        Method::UnknownToken => "pm_unknown",
        Method::Paypal => return json!({"method": "paypal"}),
        Method::Transfer => return json!({"method": "bank_transfer"}),
    };
    json!({"method": "credit_card", "token": token})
}
