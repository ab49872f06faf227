//! What people do in Stripe's dashboard, and what issuers and other programs of the account do.

use super::{
    StripeDouble, confirm,
    disputes::{self, DisputeEnd},
    error::Answer,
    form::Form,
    intents, refunds,
    routes::balance,
    state::{Resource, State},
};

/// Acts without the API, and so without its idempotency keys and failures.
#[derive(Debug)]
pub struct Dashboard<'a>(pub(super) &'a StripeDouble);

impl Dashboard<'_> {
    fn act(&self, act: impl FnOnce(&mut State) -> Answer) -> String {
        let answer = self.0.with(act);
        answer.unwrap_or_else(|error| panic!("the dashboard refuses: {}", error.body()))["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Refunds an amount of an intent's charge. Answers the refund's id.
    pub fn refund(&self, intent: &str, amount: i64) -> String {
        let form = form(&[("payment_intent", intent), ("amount", &amount.to_string())]);
        self.act(|state| refunds::create(state, &form))
    }

    /// Cancels an intent.
    pub fn cancel(&self, intent: &str) {
        self.act(|state| intents::cancel(state, intent, &form(&[("cancellation_reason", "requested_by_customer")])));
    }

    /// Captures an amount of an authorised intent.
    pub fn capture(&self, intent: &str, amount: i64) {
        self.act(|state| intents::capture(state, intent, &form(&[("amount_to_capture", &amount.to_string())])));
    }

    /// The cardholder disputes the charge of an intent: `fraudulent`, `product_not_received` and so on. Answers the
    /// dispute's id.
    pub fn open_dispute(&self, intent: &str, reason: &str) -> String {
        self.act(|state| disputes::open(state, intent, reason))
    }

    /// The issuer decides a dispute.
    pub fn close_dispute(&self, dispute: &str, end: DisputeEnd) {
        self.act(|state| disputes::close(state, dispute, end));
    }

    /// Another program of the account opens an intent that is not the shop's, with this metadata. Answers its id.
    pub fn open_intent(&self, amount: i64, currency: &str, metadata: &[(&str, &str)]) -> String {
        let amount = amount.to_string();
        let mut pairs = vec![("amount", amount.as_str()), ("currency", currency), ("payment_method", "pm_card_visa")];
        pairs.push(("payment_method_types[]", "card"));
        let names: Vec<String> = metadata.iter().map(|(name, _)| format!("metadata[{name}]")).collect();
        pairs.extend(names.iter().zip(metadata).map(|(name, (_, value))| (name.as_str(), *value)));
        self.act(|state| intents::create(state, &form(&pairs)))
    }

    /// Another program changes an intent that is still open: its amount, its currency, its metadata.
    pub fn update(&self, intent: &str, fields: &[(&str, &str)]) {
        self.act(|state| intents::update(state, intent, &form(fields)));
    }

    /// Deletes a customer: their payment methods are detached ("Delete a customer").
    pub fn delete_customer(&self, customer: &str) {
        self.0.with(|state| {
            state.customers.retain(|each| each.id() != customer);
            for method in state.methods.iter_mut().filter(|method| method.customer.as_deref() == Some(customer)) {
                (method.customer, method.used) = (None, true);
            }
        });
    }

    /// Deactivates a type of payment methods in the account's settings.
    pub fn deactivate(&self, kind: &str) {
        self.0.with(|state| state.inactive_types.push(kind.to_owned()));
    }

    /// The account no longer knows an intent, as after the shop was given the API key of another account.
    pub fn forget_intent(&self, intent: &str) {
        self.0.with(|state| state.intents.retain(|each| each.id != intent));
    }

    /// An intent that is still open succeeds with another amount and currency, whatever its payment method is.
    pub fn succeed_with(&self, intent: &str, amount: i64, currency: &str) {
        self.act(|state| {
            let open = state.intent(intent)?;
            (open.amount, open.currency) = (amount, currency.to_owned());
            confirm::succeed(state, intent)
        });
    }

    /// Funds become available: `balance.available`, an event whose object has no id.
    pub fn make_balance_available(&self) {
        self.0.with(|state| {
            let balance = balance(state);
            state.emit("balance.available", &balance);
        });
    }
}

fn form(pairs: &[(&str, &str)]) -> Form {
    Form::of(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}
