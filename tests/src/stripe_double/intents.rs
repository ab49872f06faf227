//! PaymentIntents: create, update, capture, cancel. The pages "The Payment Intents API", "How PaymentIntents and
//! SetupIntents work" (states), "Place a hold on a payment method" and "Capture a payment multiple times" (capture) and the API
//! reference.

use serde_json::{Map, Value, json};

use super::{
    confirm, currencies,
    error::{Answer, StripeError},
    form::Form,
    methods,
    state::{Resource, State},
};

/// The states of an intent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    RequiresPaymentMethod,
    RequiresConfirmation,
    RequiresAction,
    Processing,
    RequiresCapture,
    Succeeded,
    Canceled,
}

impl Status {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::RequiresPaymentMethod => "requires_payment_method",
            Self::RequiresConfirmation => "requires_confirmation",
            Self::RequiresAction => "requires_action",
            Self::Processing => "processing",
            Self::RequiresCapture => "requires_capture",
            Self::Succeeded => "succeeded",
            Self::Canceled => "canceled",
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Intent {
    pub(super) id: String,
    pub(super) created: i64,
    pub(super) amount: i64,
    pub(super) amount_capturable: i64,
    pub(super) amount_received: i64,
    pub(super) currency: String,
    pub(super) status: Status,
    pub(super) captures_manually: bool,
    pub(super) requests_multicapture: bool,
    pub(super) method: Option<String>,
    pub(super) method_types: Vec<String>,
    /// Whether the account's settings choose the methods, those that redirect included.
    pub(super) accepts_redirects: Option<bool>,
    pub(super) metadata: Map<String, Value>,
    pub(super) customer: Option<String>,
    /// Whether the payment method is attached to the customer once the intent has succeeded.
    pub(super) setup_future_usage: Option<String>,
    pub(super) description: Option<String>,
    pub(super) receipt_email: Option<String>,
    pub(super) client_secret: String,
    pub(super) last_payment_error: Value,
    pub(super) latest_charge: Option<String>,
    pub(super) next_action: Value,
    pub(super) canceled_at: Option<i64>,
    pub(super) cancellation_reason: Option<String>,
}

impl Resource for Intent {
    const NAME: &'static str = "payment_intent";

    fn id(&self) -> &str {
        &self.id
    }

    fn json(&self) -> Value {
        let automatic = self
            .accepts_redirects
            .map(|redirects| json!({"enabled": true, "allow_redirects": if redirects { "always" } else { "never" }}));
        json!({
            "id": self.id,
            "object": "payment_intent",
            "amount": self.amount,
            "amount_capturable": self.amount_capturable,
            "amount_received": self.amount_received,
            "automatic_payment_methods": automatic,
            "canceled_at": self.canceled_at,
            "cancellation_reason": self.cancellation_reason,
            "capture_method": if self.captures_manually { "manual" } else { "automatic_async" },
            "client_secret": self.client_secret,
            "confirmation_method": "automatic",
            "created": self.created,
            "currency": self.currency,
            "customer": self.customer,
            "description": self.description,
            "last_payment_error": self.last_payment_error,
            "latest_charge": self.latest_charge,
            "livemode": false,
            "metadata": self.metadata,
            "next_action": self.next_action,
            "payment_method": self.method,
            "payment_method_types": self.method_types,
            "receipt_email": self.receipt_email,
            "setup_future_usage": self.setup_future_usage,
            "status": self.status.as_str(),
        })
    }
}

impl Intent {
    /// "Error codes", `payment_intent_unexpected_state`, with the intent in the error.
    pub(super) fn unexpected(&self, message: impl Into<String>) -> StripeError {
        let error = StripeError::refused(message).code("payment_intent_unexpected_state");
        error.with("payment_intent", self.json())
    }

    /// The intent cannot be `done` (confirmed, captured, canceled) in its state, only in the allowed ones.
    pub(super) fn not_in_state(&self, act: &str, done: &str, allowed: &str) -> StripeError {
        self.unexpected(format!(
            "You cannot {act} this PaymentIntent because it has a status of {}. Only a PaymentIntent with one of the \
             following statuses may be {done}: {allowed}.",
            self.status.as_str()
        ))
    }
}

/// What an intent is created with; what cannot be combined is refused.
const CREATE: &[&str] = &[
    "amount",
    "automatic_payment_methods",
    "capture_method",
    "confirm",
    "currency",
    "customer",
    "description",
    "mandate_data",
    "metadata",
    "off_session",
    "payment_method",
    "payment_method_data",
    "payment_method_options",
    "payment_method_types",
    "radar_options",
    "receipt_email",
    "return_url",
    "setup_future_usage",
    "shipping",
    "statement_descriptor_suffix",
    "use_stripe_sdk",
];

/// `POST /v1/payment_intents`
pub(super) fn create(state: &mut State, form: &Form) -> Answer {
    form.only(CREATE)?;
    let amount = form.amount("amount")?.ok_or_else(|| StripeError::missing("amount"))?;
    let currency = form.required("currency")?.to_owned();
    currencies::check(amount, &currency, state.minimums.get(&currency).copied())?;
    let capture = form.one_of("capture_method", &["automatic", "automatic_async", "manual"])?;
    let multicapture = form.one_of("payment_method_options[card][request_multicapture]", &["if_available", "never"])?;
    let confirms = form.flag("confirm")?;
    if form.text("return_url").is_some() && !confirms {
        let message = "You can only provide `return_url` when `confirm` is set to true.";
        return Err(StripeError::invalid("return_url", message));
    }
    let method_types = form.list("payment_method_types");
    let is_known =
        |kind: &String| kind == "card" || methods::REDIRECTS.iter().chain(methods::DELAYED).any(|of| of == kind);
    if let Some(unknown) = method_types.iter().find(|kind| !is_known(kind)) {
        let message = format!("The payment method type \"{unknown}\" is invalid.");
        return Err(StripeError::invalid("payment_method_types", message));
    }
    if let Some(inactive) = method_types.iter().find(|kind| state.inactive_types.contains(kind)) {
        let message = format!(
            "The payment method type \"{inactive}\" is invalid. Please ensure the provided type is activated in your dashboard."
        );
        return Err(StripeError::invalid("payment_method_types", message).code("payment_intent_invalid_parameter"));
    }
    // From API version 2023-08-16 on, an intent without types accepts the methods that the account has switched on.
    let allow = form.one_of("automatic_payment_methods[allow_redirects]", &["always", "never"])?;
    let accepts_redirects = method_types.is_empty().then(|| allow.as_deref() != Some("never"));
    let metadata = form.metadata()?;

    let customer = form.text("customer").map(str::to_owned);
    if let Some(customer) = &customer {
        methods::check_customer(state, customer)?;
    }
    let setup_future_usage = form.one_of("setup_future_usage", &["off_session", "on_session"])?;
    let method = match (form.text("payment_method"), form.text("payment_method_data[type]")) {
        (Some(_), Some(_)) => {
            let message = "You may only specify one of these parameters: payment_method, payment_method_data.";
            return Err(StripeError::invalid("payment_method_data", message));
        }
        (Some(token), None) => Some(methods::named(state, token)?),
        (None, Some(kind)) => Some(methods::of_data(state, kind)?),
        (None, None) => None,
    };
    let id = state.new_id("pi");
    let intent = Intent {
        client_secret: format!("{id}_secret_{}", state.random.readable(24)),
        id: id.clone(),
        created: state.now(),
        amount,
        amount_capturable: 0,
        amount_received: 0,
        currency,
        status: if method.is_some() { Status::RequiresConfirmation } else { Status::RequiresPaymentMethod },
        captures_manually: capture.as_deref() == Some("manual"),
        requests_multicapture: multicapture.as_deref() == Some("if_available"),
        method: None,
        method_types: if method_types.is_empty() { vec!["card".to_owned(), "paypal".to_owned()] } else { method_types },
        accepts_redirects,
        metadata,
        customer,
        setup_future_usage,
        description: form.text("description").map(str::to_owned),
        receipt_email: form.text("receipt_email").map(str::to_owned),
        last_payment_error: Value::Null,
        latest_charge: None,
        next_action: Value::Null,
        canceled_at: None,
        cancellation_reason: None,
    };
    let method = method.map(|method| confirm::check_method(state, &intent, &method).map(|()| method)).transpose()?;
    let intent = Intent { method, ..intent };
    let json = intent.json();
    state.intents.push(intent);
    state.emit("payment_intent.created", &json);
    if !confirms {
        return Ok(json);
    }
    let attempt = confirm::attempt(state, &id, form.text("return_url"));
    if attempt.as_ref().is_err_and(|error| !error.began) {
        // An invalid request creates nothing.
        state.intents.pop();
        state.events.pop();
    }
    attempt
}

/// `POST /v1/payment_intents/:id`: "Updates properties on a PaymentIntent object without confirming".
pub(super) fn update(state: &mut State, id: &str, form: &Form) -> Answer {
    form.only(&["amount", "currency", "description", "metadata", "payment_method", "receipt_email", "customer"])?;
    let intent = state.intent(id)?.clone();
    let amount = form.amount("amount")?.unwrap_or(intent.amount);
    let currency = form.text("currency").unwrap_or(&intent.currency).to_owned();
    let is_open =
        matches!(intent.status, Status::RequiresPaymentMethod | Status::RequiresConfirmation | Status::RequiresAction);
    if !is_open && ((amount, &currency) != (intent.amount, &intent.currency) || form.text("payment_method").is_some()) {
        return Err(intent.unexpected(format!(
            "This PaymentIntent's amount, currency or payment method could not be updated because it has a status of {}.",
            intent.status.as_str()
        )));
    }
    currencies::check(amount, &currency, state.minimums.get(&currency).copied())?;
    let metadata = form.metadata()?;
    let method = form.text("payment_method").map(|token| methods::named(state, token)).transpose()?;
    if let Some(method) = &method {
        confirm::check_method(state, &intent, method)?;
    }
    let intent = state.intent(id)?;
    (intent.amount, intent.currency) = (amount, currency);
    intent.metadata.extend(metadata);
    // "Individual keys can be unset by posting an empty value to them."
    intent.metadata.retain(|_, value| value != "");
    intent.receipt_email = form.text("receipt_email").map(str::to_owned).or(intent.receipt_email.take());
    if method.is_some() {
        (intent.method, intent.status, intent.next_action) = (method, Status::RequiresConfirmation, Value::Null);
    }
    Ok(intent.json())
}

/// `POST /v1/payment_intents/:id/capture`: a final capture, which is the default, releases the rest of the authorised amount.
pub(super) fn capture(state: &mut State, id: &str, form: &Form) -> Answer {
    form.only(&["amount_to_capture", "final_capture", "metadata"])?;
    let is_final = form.text("final_capture").is_none() || form.flag("final_capture")?;
    // Nothing is captured to release the rest of what was captured in part.
    let releases = form.text("amount_to_capture") == Some("0") && is_final && state.intent(id)?.amount_received > 0;
    let asked = if releases { Some(0) } else { form.amount("amount_to_capture")? };
    let metadata = form.metadata()?;
    let is_multicapture = state.charge_of(id).is_some_and(|charge| charge.is_multicapture());
    let intent = state.intent(id)?;
    if intent.status != Status::RequiresCapture {
        return Err(intent.not_in_state("capture", "captured", "requires_capture"));
    }
    if !is_final && !is_multicapture {
        let message = "You can only use `final_capture` if multicapture is available for the PaymentIntent.";
        return Err(StripeError::invalid("final_capture", message));
    }
    let amount = asked.unwrap_or(intent.amount_capturable);
    if amount > intent.amount_capturable {
        let message = "The payment could not be captured because the requested capture amount is greater than the \
                       authorized amount.";
        return Err(StripeError::refused(message).code("amount_too_large").with("param", "amount_to_capture"));
    }
    currencies::check_step(amount, &intent.currency)?;
    intent.metadata.extend(metadata);
    intent.amount_received += amount;
    intent.amount_capturable -= amount;
    let kind = if is_final || intent.amount_capturable == 0 {
        (intent.status, intent.amount_capturable) = (Status::Succeeded, 0);
        "payment_intent.succeeded"
    } else {
        "payment_intent.amount_capturable_updated"
    };
    let (currency, json) = (intent.currency.clone(), intent.json());
    let charge = state.charge_of(id).ok_or_else(|| StripeError::refused("There is no charge to capture."))?;
    charge.captured = true;
    charge.amount_captured += amount;
    let charged = charge.json();
    state.book(&currency, amount);
    state.emit("charge.captured", &charged);
    state.emit(kind, &json);
    Ok(json)
}

/// Stripe cancels authorisations that lapse; of one that is captured in part, the rest is released.
pub(super) fn lapse(state: &mut State) {
    let now = state.now();
    let lapsed = |charge: &&super::charges::Charge| charge.capture_before().is_some_and(|end| end <= now);
    let lapsed: Vec<String> = state.charges.iter().filter(lapsed).map(|charge| charge.intent.clone()).collect();
    for id in lapsed {
        let Ok(intent) = state.intent(&id) else { continue };
        if intent.status != Status::RequiresCapture {
            continue;
        }
        intent.amount_capturable = 0;
        let kind = if intent.amount_received > 0 {
            intent.status = Status::Succeeded;
            "payment_intent.succeeded"
        } else {
            (intent.status, intent.canceled_at) = (Status::Canceled, Some(now));
            intent.cancellation_reason = Some("expired".to_owned());
            "payment_intent.canceled"
        };
        let json = intent.json();
        state.emit(kind, &json);
    }
}

/// `POST /v1/payment_intents/:id/cancel`
pub(super) fn cancel(state: &mut State, id: &str, form: &Form) -> Answer {
    form.only(&["cancellation_reason"])?;
    let reasons = ["duplicate", "fraudulent", "requested_by_customer", "abandoned"];
    let reason = form.one_of("cancellation_reason", &reasons)?;
    let now = state.now();
    let intent = state.intent(id)?;
    // "Or, in rare cases, processing": never here.
    if matches!(intent.status, Status::Succeeded | Status::Canceled | Status::Processing) {
        let allowed = "requires_payment_method, requires_capture, requires_confirmation, requires_action, processing";
        return Err(intent.not_in_state("cancel", "canceled", allowed));
    }
    if intent.amount_received > 0 {
        return Err(intent.unexpected("You cannot cancel this PaymentIntent because a part of it has been captured."));
    }
    (intent.status, intent.amount_capturable, intent.next_action) = (Status::Canceled, 0, Value::Null);
    (intent.canceled_at, intent.cancellation_reason) = (Some(now), reason);
    let json = intent.json();
    // From API version 2025-03-31 on, what is released is no refund.
    state.emit("payment_intent.canceled", &json);
    Ok(json)
}
