//! Everything that the double knows, behind one lock.

use std::collections::{BTreeMap, VecDeque};

use serde_json::Value;
use shared::domain::{Clock, Random};

use super::{
    cards::TestCard,
    charges::Charge,
    confirm::Confirmation,
    disputes::Dispute,
    error::StripeError,
    events::Event,
    idempotency::Idempotency,
    intents::Intent,
    methods::{Customer, Method, SetupIntent},
    refunds::{Refund, RefundOutcome},
};

/// The objects of the account, oldest first.
#[derive(Debug)]
pub(super) struct State {
    pub(super) clock: Clock,
    pub(super) random: Random,
    pub(super) idempotency: Idempotency,
    pub(super) intents: Vec<Intent>,
    pub(super) charges: Vec<Charge>,
    pub(super) refunds: Vec<Refund>,
    pub(super) disputes: Vec<Dispute>,
    pub(super) methods: Vec<Method>,
    /// Single-use tokens of cards, and whether each was used.
    pub(super) tokens: Vec<(String, TestCard, bool)>,
    pub(super) customers: Vec<Customer>,
    pub(super) setup_intents: Vec<SetupIntent>,
    pub(super) events: Vec<Event>,
    /// The account's balance by currency, without fees.
    pub(super) balance: BTreeMap<String, i64>,
    /// Minimum amounts in currencies that Stripe's table does not list.
    pub(super) minimums: BTreeMap<String, i64>,
    /// Types of payment methods that the account has not activated.
    pub(super) inactive_types: Vec<String>,
    /// Whether the account has multicapture.
    pub(super) has_multicapture: bool,
    pub(super) next_confirmations: VecDeque<Confirmation>,
    pub(super) next_refunds: VecDeque<RefundOutcome>,
    /// The id and the idempotency key of the request that executes, for its events.
    pub(super) request: Option<(String, Option<String>)>,
    ids: u64,
}

/// An object with an id.
pub(super) trait Resource {
    /// The kind of object as error messages name it.
    const NAME: &'static str;

    fn id(&self) -> &str;
    fn json(&self) -> Value;
}

impl State {
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            clock,
            random: Random::seeded(1),
            idempotency: Idempotency::default(),
            intents: Vec::new(),
            charges: Vec::new(),
            refunds: Vec::new(),
            disputes: Vec::new(),
            methods: Vec::new(),
            tokens: Vec::new(),
            customers: Vec::new(),
            setup_intents: Vec::new(),
            events: Vec::new(),
            balance: BTreeMap::new(),
            minimums: BTreeMap::new(),
            inactive_types: Vec::new(),
            has_multicapture: false,
            next_confirmations: VecDeque::new(),
            next_refunds: VecDeque::new(),
            request: None,
            ids: 0,
        }
    }

    /// A new id with this prefix.
    pub(super) fn new_id(&mut self, prefix: &str) -> String {
        self.ids += 1;
        format!("{prefix}_{:014}{}", self.ids, self.random.readable(6))
    }

    /// The time as objects carry it: in seconds.
    pub(super) fn now(&self) -> i64 {
        self.clock.now().as_seconds()
    }

    /// Adds to the balance, or takes from it.
    pub(super) fn book(&mut self, currency: &str, amount: i64) {
        *self.balance.entry(currency.to_owned()).or_default() += amount;
    }

    pub(super) fn intent(&mut self, id: &str) -> Result<&mut Intent, StripeError> {
        find(&mut self.intents, id, "intent")
    }

    pub(super) fn charge(&mut self, id: &str) -> Result<&mut Charge, StripeError> {
        find(&mut self.charges, id, "charge")
    }

    /// The charge that succeeded or was authorised for an intent.
    pub(super) fn charge_of(&mut self, intent: &str) -> Option<&mut Charge> {
        self.charges.iter_mut().find(|charge| charge.intent == intent && charge.decline.is_none())
    }

    pub(super) fn refund(&mut self, id: &str) -> Result<&mut Refund, StripeError> {
        find(&mut self.refunds, id, "refund")
    }

    pub(super) fn dispute(&mut self, id: &str) -> Result<&mut Dispute, StripeError> {
        find(&mut self.disputes, id, "dispute")
    }

    pub(super) fn method(&mut self, id: &str) -> Result<&mut Method, StripeError> {
        find(&mut self.methods, id, "payment_method")
    }
}

/// The object whose id is in the path.
pub(super) fn find<'a, T: Resource>(all: &'a mut [T], id: &str, param: &str) -> Result<&'a mut T, StripeError> {
    let found = all.iter_mut().find(|each| each.id() == id);
    found.ok_or_else(|| StripeError::no_such(404, T::NAME, id, param))
}
