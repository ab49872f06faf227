//! A strict double of Stripe, written from Stripe's documentation: each file names the pages that its rules come from.
//!
//! It speaks HTTP, so that the shop's own client talks to it unchanged. Each test has its own double, in memory; nothing
//! in it waits, and nothing is random but by a seed. It is stricter than Stripe where tests profit: currencies in capitals
//! and unknown parameters are refused.
//!
//! ```ignore
//! let (shop, stripe) = TestShop::start_with_double().await;
//! stripe.next_refund(RefundOutcome::Pending);
//! stripe.fail_next("POST", "/v1/payment_intents/*/confirm", Failure::AnswerLost);
//! let dispute = stripe.dashboard().open_dispute(&intent, "fraudulent");
//! for event in stripe.events() {
//!     shop.receive(&event).await.is(200);
//! }
//! assert_eq!(stripe.moved(payment).charged, [1500]);
//! ```

mod cards;
mod charges;
mod confirm;
mod currencies;
mod dashboard;
mod disputes;
mod error;
mod events;
mod failures;
mod form;
mod idempotency;
mod intents;
mod list;
mod methods;
mod refunds;
mod routes;
mod server;
mod shop;
mod state;

use std::{
    fmt::Display,
    sync::{Arc, Mutex},
};

use axum::Router;
use serde_json::{Map, Value};
use shared::domain::{Clock, Random};
use tokio::{net::TcpListener, task::JoinHandle};

pub use confirm::Confirmation;
pub use dashboard::Dashboard;
pub use disputes::DisputeEnd;
pub use events::Event;
pub use failures::Failure;
pub use refunds::RefundOutcome;
pub use server::Received;

use crate::gateway::{BlockedCall, Gate, Moment};
use failures::{Failures, Pattern};
use server::Inner;
use state::{Resource, State};

/// The double of a test. It stops with this value.
#[derive(Debug)]
pub struct StripeDouble {
    base: String,
    inner: Arc<Inner>,
    server: JoinHandle<()>,
}

/// The money that moved for a payment of the shop.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// Each captured charge.
    pub charged: Vec<i64>,
    /// The sum of the refunds that have neither failed nor been cancelled.
    pub refunded: i64,
    /// The sum of the disputes that were lost.
    pub disputed_lost: i64,
}

impl Drop for StripeDouble {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl StripeDouble {
    /// An API key that the double accepts; it accepts every other key of the test mode as well.
    pub const SECRET_KEY: &str = "sk_test_double";

    /// An empty account with this clock, on a free port of the loopback interface.
    pub async fn start(clock: Clock) -> Self {
        let inner = Arc::new(Inner {
            state: Mutex::new(State::new(clock)),
            failures: Failures::default(),
            received: Mutex::default(),
        });
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(server::serve).with_state(Arc::clone(&inner));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { base, inner, server }
    }

    /// The address, for `Stripe::try_new`.
    pub fn base(&self) -> &str {
        &self.base
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.inner.state.lock().unwrap())
    }

    /// What people, issuers and other programs do.
    pub fn dashboard(&self) -> Dashboard<'_> {
        Dashboard(self)
    }

    // The customer

    /// A new payment method of the test card with this number ("Testing").
    #[track_caller]
    pub fn card(&self, number: &str) -> String {
        let card = cards::by_number(number).expect("a card number of Stripe's page Testing");
        self.with(|state| methods::new_method(state, "card", Some(card), Map::new()))
    }

    /// A new single-use token of the test card with this number.
    #[track_caller]
    pub fn token(&self, number: &str) -> String {
        let card = cards::by_number(number).expect("a card number of Stripe's page Testing");
        self.with(|state| {
            let id = state.new_id("tok");
            state.tokens.push((id.clone(), card, false));
            id
        })
    }

    /// A new payment method of the test card with this number, with the name of its holder.
    #[track_caller]
    pub fn card_of(&self, number: &str, holder: &str) -> String {
        let card = cards::by_number(number).expect("a card number of Stripe's page Testing");
        let billing = Map::from_iter([("name".to_owned(), Value::from(holder))]);
        self.with(|state| methods::new_method(state, "card", Some(card), billing))
    }

    /// A new payment method of another type: `paypal`, `ideal`, `sepa_debit` and so on.
    pub fn method(&self, kind: &str) -> String {
        self.with(|state| methods::new_method(state, kind, None, Map::new()))
    }

    /// The customer completes 3-D Secure or returns from the redirect, or fails to. Answers the intent.
    pub fn complete_action(&self, intent: &str, success: bool) -> Value {
        let intent = intent.split("_secret_").next().unwrap_or(intent);
        assert_eq!(self.intent(intent)["status"], "requires_action");
        // A failure is an error for the customer's browser; the state of the intent shows it.
        self.with(|state| confirm::complete_action(state, intent, success).map(drop).unwrap_or_default());
        self.intent(intent)
    }

    // What Stripe and the issuers will do

    /// The next confirmation leads to this, whatever the payment method is. Several are a queue.
    pub fn next_confirmation(&self, confirmation: Confirmation) {
        self.with(|state| state.next_confirmations.push_back(confirmation));
    }

    /// A payment in progress ends: it succeeds, or is declined with this decline code. Answers the intent.
    pub fn settle_payment(&self, intent: &str, decline_code: Option<&str>) -> Value {
        assert_eq!(self.intent(intent)["status"], "processing");
        self.with(|state| confirm::settle(state, intent, decline_code).map(drop).unwrap_or_default());
        self.intent(intent)
    }

    /// The next refund is created in this state. Several are a queue.
    pub fn next_refund(&self, outcome: RefundOutcome) {
        self.with(|state| state.next_refunds.push_back(outcome));
    }

    /// A refund comes to another state, also one that had succeeded.
    #[track_caller]
    pub fn settle_refund(&self, refund: &str, outcome: RefundOutcome) {
        let settled = self.with(|state| refunds::settle(state, refund, outcome));
        settled.unwrap_or_else(|error| panic!("the refund cannot be settled: {}", error.body()));
    }

    /// The minimum in a currency that Stripe's table does not list: the equivalent of 0.50 USD, say.
    pub fn set_minimum(&self, currency: &str, amount: i64) {
        self.with(|state| state.minimums.insert(currency.to_owned(), amount));
    }

    /// The account gets multicapture ("Capture a payment multiple times"), for cards that are authorised from now on.
    pub fn enable_multicapture(&self) {
        self.with(|state| state.has_multicapture = true);
    }

    // The network

    /// The next request with this method and path fails, once. `*` is any one segment:
    /// `/v1/payment_intents/*/confirm`.
    pub fn fail_next(&self, method: &str, path: &str, failure: Failure) {
        self.inner.failures.script(Pattern::new(method, path), failure);
    }

    /// From now on this percentage of all requests fails: lost, answer lost, 429, or 500 before or after it was done.
    pub fn storm(&self, random: Random, percent: u64) {
        self.inner.failures.storm(random, percent);
    }

    /// No request fails any more.
    pub fn calm(&self) {
        self.inner.failures.calm();
    }

    /// Blocks the next request with this method and path, while its idempotency key is in use (`Before`) or after its answer
    /// is stored (`After`), until the returned value is dropped.
    pub fn block_next(&self, method: &str, path: &str, moment: Moment) -> BlockedCall {
        let (gate, blocked) = Gate::closed();
        self.inner.failures.block(Pattern::new(method, path), moment, gate);
        blocked
    }

    // What a test asserts

    /// The requests that arrived, oldest first.
    pub fn received(&self) -> Vec<Received> {
        self.inner.received.lock().unwrap().clone()
    }

    /// The events, oldest first. A test delivers them with [`crate::TestShop::receive`].
    pub fn events(&self) -> Vec<Event> {
        self.with(|state| state.events.clone())
    }

    /// The types of the events about an intent, oldest first.
    pub fn event_kinds(&self, intent: &str) -> Vec<String> {
        self.events().into_iter().filter(|event| event.intent() == Some(intent)).map(|event| event.kind).collect()
    }

    /// The event with the intent in place of its id, as some events carry it.
    pub fn expanded(&self, event: &Event) -> Event {
        let mut event = event.clone();
        if let Some(intent) = event.object["payment_intent"].as_str() {
            event.object["payment_intent"] = self.intent(intent);
        }
        event
    }

    /// An intent.
    #[track_caller]
    pub fn intent(&self, id: &str) -> Value {
        self.with(|state| state.intent(id).map(|intent| intent.json())).unwrap_or_else(|_| panic!("no intent {id}"))
    }

    /// The intents with this `paymentId` in their metadata, oldest first.
    pub fn intents_of(&self, payment: impl Display) -> Vec<Value> {
        let payment = payment.to_string();
        let all = self.with(|state| state.intents.iter().map(Resource::json).collect::<Vec<_>>());
        all.into_iter().filter(|intent| intent["metadata"]["paymentId"] == payment).collect()
    }

    /// The refunds of a payment's intents, oldest first.
    pub fn refunds_of(&self, payment: impl Display) -> Vec<Value> {
        let intents = self.intents_of(payment);
        let all = self.with(|state| state.refunds.iter().map(Resource::json).collect::<Vec<_>>());
        all.into_iter().filter(|refund| intents.iter().any(|intent| intent["id"] == refund["payment_intent"])).collect()
    }

    /// The money that moved for a payment of the shop.
    pub fn moved(&self, payment: impl Display) -> Moved {
        let intents = self.intents_of(payment);
        let is_ours = |id: &str| intents.iter().any(|intent| intent["id"] == id);
        self.with(|state| Moved {
            charged: state
                .charges
                .iter()
                .filter(|charge| charge.captured && is_ours(&charge.intent))
                .map(|charge| charge.amount_captured)
                .collect(),
            refunded: state
                .refunds
                .iter()
                .filter(|refund| refund.outcome.is_paid_out() && is_ours(&refund.intent))
                .map(|refund| refund.amount)
                .sum(),
            disputed_lost: state
                .disputes
                .iter()
                .filter(|dispute| dispute.end == Some(DisputeEnd::Lost) && is_ours(&dispute.intent))
                .map(|dispute| dispute.amount)
                .sum(),
        })
    }

    /// The account's balance in a currency, without fees.
    pub fn balance(&self, currency: &str) -> i64 {
        self.with(|state| state.balance.get(currency).copied().unwrap_or_default())
    }
}
