//! Payment methods, customers and setup intents: the pages "PaymentMethods", "Customers" and "SetupIntents" of the API
//! reference, as far as the shop uses them.

use serde_json::{Map, Value, json};

use super::{
    cards::{self, TestCard},
    error::{Answer, StripeError},
    form::Form,
    state::{Resource, State, find},
};

/// Methods that send the customer to another page ("Payment method support": redirect).
pub(super) const REDIRECTS: &[&str] = &["paypal", "ideal", "klarna", "bancontact"];

/// Methods whose payments take days ("delayed notification").
pub(super) const DELAYED: &[&str] = &["sepa_debit"];

/// The test card that is declined only when it is charged.
const ATTACHES_AND_FAILS: &str = "4000000000000341";

#[derive(Clone, Debug)]
pub(super) struct Method {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) card: Option<TestCard>,
    pub(super) customer: Option<String>,
    /// A method without a customer pays once.
    pub(super) used: bool,
    created: i64,
    billing: Map<String, Value>,
    metadata: Map<String, Value>,
}

impl Resource for Method {
    const NAME: &'static str = "PaymentMethod";

    fn id(&self) -> &str {
        &self.id
    }

    fn json(&self) -> Value {
        let mut json = json!({
            "id": self.id, "object": "payment_method", "billing_details": self.billing, "created": self.created,
            "customer": self.customer, "livemode": false, "metadata": self.metadata, "type": self.kind,
        });
        json[&self.kind] = self.details();
        json
    }
}

impl Method {
    /// What is shown of the method, also in `payment_method_details` of a charge.
    pub(super) fn details(&self) -> Value {
        let Some(card) = self.card else { return json!({}) };
        json!({
            "brand": card.brand, "last4": card.number[card.number.len() - 4..], "exp_month": 12, "exp_year": 2034,
            "country": "US", "funding": card.funding(), "checks": {"cvc_check": "pass"}, "fingerprint": card.number.chars().rev().collect::<String>(),
        })
    }
}

/// `POST /v1/payment_methods`
pub(super) fn create(state: &mut State, form: &Form) -> Answer {
    form.only(&[
        "type",
        "card",
        "billing_details",
        "metadata",
        "paypal",
        "ideal",
        "klarna",
        "bancontact",
        "sepa_debit",
    ])?;
    let kind = form.required("type")?.to_owned();
    let card = match kind.as_str() {
        "card" if form.text("card[number]").is_some() => {
            // "Raw card data APIs" are switched off unless Stripe allows them.
            let message = "Sending credit card numbers directly to the Stripe API is generally unsafe.";
            return Err(StripeError::invalid("card[number]", message));
        }
        "card" => {
            let token = form.required("card[token]")?;
            Some(match use_up(state, token)? {
                Some(card) => card,
                None => {
                    cards::by_token(token).filter(|_| token.starts_with("tok_")).ok_or_else(|| no_token(400, token))?
                }
            })
        }
        kind if REDIRECTS.contains(&kind) || DELAYED.contains(&kind) => None,
        _ => return Err(StripeError::invalid("type", format!("Invalid type: {kind}"))),
    };
    let billing = ["name", "email", "phone"].map(|name| (name, form.text(&format!("billing_details[{name}]"))));
    let billing = billing.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
    let id = new_method(state, &kind, card, billing);
    state.method(&id)?.metadata = form.metadata()?;
    Ok(state.method(&id)?.json())
}

/// The card of a single-use token ("Error codes", `token_already_used`).
fn use_up(state: &mut State, token: &str) -> Result<Option<TestCard>, StripeError> {
    let Some((_, card, used)) = state.tokens.iter_mut().find(|(id, _, _)| id == token) else { return Ok(None) };
    if std::mem::replace(used, true) {
        let message = format!("You cannot use a Stripe token more than once: {token}.");
        return Err(StripeError::refused(message).code("token_already_used"));
    }
    Ok(Some(*card))
}

fn no_token(status: u16, token: &str) -> StripeError {
    StripeError::no_such(status, "token", token, "card[token]")
}

pub(super) fn new_method(state: &mut State, kind: &str, card: Option<TestCard>, billing: Map<String, Value>) -> String {
    let id = state.new_id("pm");
    state.methods.push(Method {
        id: id.clone(),
        kind: kind.to_owned(),
        card,
        customer: None,
        used: false,
        created: state.now(),
        billing,
        metadata: Map::new(),
    });
    id
}

/// The id of the method that a parameter names. `pm_card_visa` and its like become a new method at each use ("Testing").
pub(super) fn named(state: &mut State, token: &str) -> Result<String, StripeError> {
    if state.methods.iter().any(|method| method.id == token) {
        return Ok(token.to_owned());
    }
    match cards::by_token(token).filter(|_| token.starts_with("pm_card_")) {
        Some(card) => Ok(new_method(state, "card", Some(card), Map::new())),
        None => Err(StripeError::no_such(400, "PaymentMethod", token, "payment_method")),
    }
}

/// The new method of `payment_method_data`. Those of cards have a token or a number.
pub(super) fn of_data(state: &mut State, kind: &str) -> Result<String, StripeError> {
    if kind == "card" {
        return Err(StripeError::missing("payment_method_data[card]"));
    }
    if REDIRECTS.contains(&kind) || DELAYED.contains(&kind) {
        return Ok(new_method(state, kind, None, Map::new()));
    }
    Err(StripeError::invalid("payment_method_data[type]", format!("Invalid type: {kind}")))
}

/// `GET /v1/payment_methods/:id`. Those of test cards become new ones at each use, reading included.
pub(super) fn read(state: &mut State, id: &str) -> Answer {
    let id = named(state, id).map_err(|_| StripeError::no_such(404, Method::NAME, id, "payment_method"))?;
    Ok(state.method(&id)?.json())
}

/// The customer that a parameter names.
pub(super) fn check_customer(state: &mut State, customer: &str) -> Result<(), StripeError> {
    let found = find(&mut state.customers, customer, "customer");
    found.map(|_| ()).map_err(|_| StripeError::no_such(400, Customer::NAME, customer, "customer"))
}

/// `GET /v1/tokens/:id`
pub(super) fn token(state: &mut State, id: &str) -> Answer {
    let card = cards::by_token(id).filter(|_| id.starts_with("tok_")).ok_or_else(|| no_token(404, id))?;
    let last4 = &card.number[card.number.len() - 4..];
    let card = json!({"id": format!("card_{}", &id[4..]), "object": "card", "brand": card.brand, "last4": last4});
    Ok(
        json!({"id": id, "object": "token", "card": card, "created": state.now(), "livemode": false, "type": "card", "used": false}),
    )
}

/// `POST /v1/payment_methods/:id/attach`
pub(super) fn attach(state: &mut State, id: &str, form: &Form) -> Answer {
    form.only(&["customer"])?;
    let customer = form.required("customer")?.to_owned();
    check_customer(state, &customer)?;
    let id = named(state, id).map_err(|_| StripeError::no_such(404, Method::NAME, id, "payment_method"))?;
    let method = state.method(&id)?;
    if method.customer.as_ref().is_some_and(|owner| *owner != customer) {
        return Err(StripeError::refused("The payment method you provided has already been attached to a customer."));
    }
    if method.customer.is_some() {
        return Ok(method.json());
    }
    if method.used {
        return Err(used_up());
    }
    // "Attaching this card to a Customer object succeeds, but attempts to charge the customer fail": no other that is declined.
    let decline = method.card.filter(|card| card.number != ATTACHES_AND_FAILS && !card.authenticates);
    if let Some(decline) = decline.and_then(|card| card.decline) {
        return Err(StripeError::card(decline.message).code(decline.code).with("decline_code", decline.decline_code));
    }
    method.customer = Some(customer);
    let json = method.json();
    state.emit("payment_method.attached", &json);
    Ok(json)
}

/// `POST /v1/payment_methods/:id/detach`
pub(super) fn detach(state: &mut State, id: &str) -> Answer {
    let method = state.method(id)?;
    if method.customer.take().is_none() {
        let message = "The payment method you provided is not attached to a customer so detachment is impossible.";
        return Err(StripeError::refused(message));
    }
    // "It may not be used again."
    method.used = true;
    let json = method.json();
    state.emit("payment_method.detached", &json);
    Ok(json)
}

/// A method that paid without a customer, or was detached from one.
pub(super) fn used_up() -> StripeError {
    StripeError::refused(
        "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared with a \
         connected account without Customer attachment, or was detached from a Customer. It may not be used again. To use a \
         PaymentMethod multiple times, you must attach it to a Customer first.",
    )
}

#[derive(Clone, Debug)]
pub(super) struct Customer {
    id: String,
    email: Option<String>,
    metadata: Map<String, Value>,
    created: i64,
}

impl Resource for Customer {
    const NAME: &'static str = "customer";

    fn id(&self) -> &str {
        &self.id
    }

    fn json(&self) -> Value {
        json!({
            "id": self.id, "object": "customer", "created": self.created, "email": self.email, "livemode": false,
            "metadata": self.metadata,
        })
    }
}

/// `POST /v1/customers`
pub(super) fn create_customer(state: &mut State, form: &Form) -> Answer {
    form.only(&["email", "name", "metadata", "description"])?;
    let (email, metadata) = (form.text("email").map(str::to_owned), form.metadata()?);
    let customer = Customer { id: state.new_id("cus"), email, metadata, created: state.now() };
    let json = customer.json();
    state.customers.push(customer);
    Ok(json)
}

#[derive(Clone, Debug)]
pub(super) struct SetupIntent {
    id: String,
    customer: Option<String>,
    method: Option<String>,
    status: &'static str,
    created: i64,
}

impl Resource for SetupIntent {
    const NAME: &'static str = "setupintent";

    fn id(&self) -> &str {
        &self.id
    }

    fn json(&self) -> Value {
        json!({
            "id": self.id, "object": "setup_intent", "client_secret": format!("{}_secret_double", self.id),
            "created": self.created, "customer": self.customer, "livemode": false, "payment_method": self.method,
            "status": self.status, "usage": "off_session",
        })
    }
}

/// `POST /v1/setup_intents`
pub(super) fn create_setup_intent(state: &mut State, form: &Form) -> Answer {
    form.only(&["customer", "payment_method", "payment_method_types", "usage", "metadata"])?;
    let customer = form.text("customer").map(str::to_owned);
    let method = form.text("payment_method").map(|token| named(state, token)).transpose()?;
    let status = if method.is_some() { "requires_confirmation" } else { "requires_payment_method" };
    let setup = SetupIntent { id: state.new_id("seti"), customer, method, status, created: state.now() };
    let json = setup.json();
    state.setup_intents.push(setup);
    Ok(json)
}

/// `POST /v1/setup_intents/:id/confirm`: attaches the method to the customer.
pub(super) fn confirm_setup_intent(state: &mut State, id: &str, form: &Form) -> Answer {
    form.only(&["payment_method", "return_url"])?;
    let named = form.text("payment_method").map(|token| named(state, token)).transpose()?;
    let setup = find(&mut state.setup_intents, id, "intent")?;
    setup.method = named.or(setup.method.take());
    let (Some(method), true) = (setup.method.clone(), setup.status != "succeeded") else {
        let message = format!("You cannot confirm this SetupIntent because it has a status of {}.", setup.status);
        return Err(StripeError::refused(message)
            .code("setup_intent_unexpected_state")
            .with("setup_intent", setup.json()));
    };
    setup.status = "succeeded";
    let (customer, json) = (setup.customer.clone(), setup.json());
    state.method(&method)?.customer = customer;
    state.emit("setup_intent.succeeded", &json);
    Ok(json)
}
