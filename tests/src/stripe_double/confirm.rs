//! Confirming an intent, and what the customer does next. The pages "How PaymentIntents and SetupIntents work", "Declines",
//! "Complete 3D Secure", "Use redirect-based payment methods" (`return_url`).

use serde_json::{Value, json};

use super::{
    cards::{self, Decline},
    charges, disputes,
    error::{Answer, StripeError},
    form::Form,
    intents::{Intent, Status},
    methods::{self, DELAYED, REDIRECTS},
    state::{Resource, State},
};

/// What the next confirmation leads to, whatever the payment method is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmation {
    /// The charge succeeds.
    Succeeds,
    /// The issuer declines with this decline code: `insufficient_funds`, `do_not_honor` and so on.
    Declines(&'static str),
    /// The customer must authenticate.
    NeedsAction,
    /// The charge is in progress, until [`super::StripeDouble::settle_payment`].
    Processes,
}

/// Whether an intent can use a method.
pub(super) fn check_method(state: &mut State, intent: &Intent, method: &str) -> Result<(), StripeError> {
    let method = state.method(method)?;
    if method.used && method.customer.is_none() {
        return Err(methods::used_up());
    }
    if let Some(owner) = method.customer.as_ref().filter(|owner| Some(*owner) != intent.customer.as_ref()) {
        let message = format!(
            "The PaymentMethod {} belongs to the Customer {owner}. Please include the Customer in the `customer` parameter on \
             the PaymentIntent.",
            method.id
        );
        return Err(StripeError::refused(message).with("param", "payment_method"));
    }
    if !intent.method_types.contains(&method.kind) {
        let message = format!(
            "The PaymentMethod provided ({}) is not allowed for this PaymentIntent. Please attach a PaymentMethod of one of \
             the following types: {}.",
            method.kind,
            intent.method_types.join(", ")
        );
        let error = StripeError::refused(message).code("payment_intent_incompatible_payment_method");
        return Err(error.with("param", "payment_method"));
    }
    Ok(())
}

/// `POST /v1/payment_intents/:id/confirm`
pub(super) fn confirm(state: &mut State, id: &str, form: &Form) -> Answer {
    form.only(&[
        "capture_method",
        "mandate_data",
        "off_session",
        "payment_method",
        "payment_method_options",
        "payment_method_types",
        "radar_options",
        "receipt_email",
        "return_url",
        "setup_future_usage",
        "shipping",
        "use_stripe_sdk",
    ])?;
    let intent = state.intent(id)?.clone();
    match intent.status {
        Status::RequiresPaymentMethod | Status::RequiresConfirmation | Status::RequiresAction => {}
        Status::Succeeded => {
            let message = "You cannot confirm this PaymentIntent because it has already succeeded after being previously \
                           confirmed.";
            return Err(intent.unexpected(message));
        }
        Status::Processing | Status::RequiresCapture | Status::Canceled => {
            return Err(intent.not_in_state("confirm", "confirmed", "requires_confirmation, requires_action"));
        }
    }
    if let Some(token) = form.text("payment_method") {
        let method = methods::named(state, token)?;
        check_method(state, &intent, &method)?;
        state.intent(id)?.method = Some(method);
    }
    attempt(state, id, form.text("return_url"))
}

/// Tries to charge the intent's payment method.
pub(super) fn attempt(state: &mut State, id: &str, return_url: Option<&str>) -> Answer {
    let intent = state.intent(id)?.clone();
    let Some(method) = intent.method.clone() else {
        let message = "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update \
                       the PaymentIntent with a payment method and then confirm it again, or confirm it again directly with \
                       a payment method or ConfirmationToken.";
        return Err(intent.unexpected(message));
    };
    check_method(state, &intent, &method)?;
    let method = state.method(&method)?.clone();
    let redirects = REDIRECTS.contains(&method.kind.as_str());
    if return_url.is_none() && (redirects || intent.accepts_redirects == Some(true)) {
        let message = "A `return_url` must be specified because this PaymentIntent accepts payment methods that may require \
                       a full page redirect to succeed.";
        return Err(StripeError::invalid("return_url", message).code("parameter_missing"));
    }
    let own = match method.card {
        _ if redirects => Confirmation::NeedsAction,
        _ if DELAYED.contains(&method.kind.as_str()) => Confirmation::Processes,
        Some(card) if card.authenticates => Confirmation::NeedsAction,
        Some(card) => {
            card.decline.map_or(Confirmation::Succeeds, |decline| Confirmation::Declines(decline.decline_code))
        }
        None => Confirmation::Succeeds,
    };
    match state.next_confirmations.pop_front().unwrap_or(own) {
        Confirmation::Succeeds => succeed(state, id),
        Confirmation::Declines(code) => Err(decline(state, id, cards::decline(code))),
        Confirmation::NeedsAction => {
            let action = next_action(&intent, return_url);
            change(state, id, "payment_intent.requires_action", |intent| {
                (intent.status, intent.next_action) = (Status::RequiresAction, action);
            })
        }
        Confirmation::Processes => change(state, id, "payment_intent.processing", |intent| {
            (intent.status, intent.next_action) = (Status::Processing, Value::Null);
        }),
    }
}

/// "Next actions": the frontend's library shows 3-D Secure, unless there is a page to return to.
fn next_action(intent: &Intent, return_url: Option<&str>) -> Value {
    match return_url {
        Some(back) => {
            let url = format!("https://hooks.stripe.test/redirect/{}", intent.id);
            json!({"type": "redirect_to_url", "redirect_to_url": {"return_url": back, "url": url}})
        }
        None => {
            json!({"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect", "source": intent.id}})
        }
    }
}

fn change(state: &mut State, id: &str, kind: &str, change: impl FnOnce(&mut Intent)) -> Answer {
    let intent = state.intent(id)?;
    change(intent);
    let json = intent.json();
    state.emit(kind, &json);
    Ok(json)
}

/// Charges, or only authorises.
pub(super) fn succeed(state: &mut State, id: &str) -> Answer {
    let intent = state.intent(id)?.clone();
    let charge = charges::new_charge(state, &intent, None)?;
    let dispute = state.charge(&charge)?.card.and_then(|card| card.dispute);
    if let Some(method) = &intent.method {
        let kept = intent.customer.clone().filter(|_| intent.setup_future_usage.is_some());
        let method = state.method(method)?;
        method.used = true;
        // "The payment method is attached to the customer after the PaymentIntent is confirmed and the customer completes any
        // required actions."
        if let (Some(customer), None) = (kept, &method.customer) {
            method.customer = Some(customer);
            let attached = method.json();
            state.emit("payment_method.attached", &attached);
        }
    }
    let charged = state.charge(&charge)?.json();
    state.emit("charge.succeeded", &charged);
    let kind = if intent.captures_manually {
        "payment_intent.amount_capturable_updated"
    } else {
        state.book(&intent.currency, intent.amount);
        "payment_intent.succeeded"
    };
    let json = change(state, id, kind, |intent| {
        (intent.latest_charge, intent.last_payment_error, intent.next_action) =
            (Some(charge), Value::Null, Value::Null);
        if intent.captures_manually {
            (intent.status, intent.amount_capturable) = (Status::RequiresCapture, intent.amount);
        } else {
            (intent.status, intent.amount_received) = (Status::Succeeded, intent.amount);
        }
    })?;
    if let Some(reason) = dispute {
        disputes::open(state, id, reason)?;
    }
    Ok(json)
}

/// The issuer declines: 402, and the intent wants another payment method.
pub(super) fn decline(state: &mut State, id: &str, decline: Decline) -> StripeError {
    let error = StripeError::card(decline.message).code(decline.code).with("decline_code", decline.decline_code);
    let charge = state.intent(id).cloned().and_then(|intent| charges::new_charge(state, &intent, Some(decline)));
    let Ok(charge) = charge else { return error };
    let charged = state.charge(&charge).map(|charge| charge.json()).unwrap_or_default();
    state.emit("charge.failed", &charged);
    fail(state, id, error.with("charge", charge.as_str()), Some(charge))
}

/// Ends an attempt with an error, which carries the intent.
fn fail(state: &mut State, id: &str, error: StripeError, charge: Option<String>) -> StripeError {
    let method = state.intent(id).ok().and_then(|intent| intent.method.take());
    let method = method.and_then(|method| state.method(&method).ok().map(|method| method.json()));
    let error = error.with("payment_method", method);
    let failed = change(state, id, "payment_intent.payment_failed", |intent| {
        intent.last_payment_error = error.body()["error"].clone();
        (intent.status, intent.next_action) = (Status::RequiresPaymentMethod, Value::Null);
        intent.latest_charge = charge.or(intent.latest_charge.take());
    });
    match failed {
        Ok(intent) => error.with("payment_intent", intent),
        Err(missing) => missing,
    }
}

/// The customer completes the next action, or fails to.
pub(super) fn complete_action(state: &mut State, id: &str, success: bool) -> Answer {
    let intent = state.intent(id)?.clone();
    if intent.status != Status::RequiresAction {
        return Err(intent.unexpected("This PaymentIntent does not require an action."));
    }
    if !success {
        let message = "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new \
                       PaymentMethod to attempt to fulfill this PaymentIntent again.";
        let error = StripeError::refused(message).code("payment_intent_authentication_failure");
        return Err(fail(state, id, error, None));
    }
    let card = intent.method.and_then(|method| state.method(&method).ok()?.card);
    match card.and_then(|card| card.decline) {
        Some(reason) => Err(decline(state, id, reason)),
        None => succeed(state, id),
    }
}

/// A charge in progress ends.
pub(super) fn settle(state: &mut State, id: &str, decline_code: Option<&str>) -> Answer {
    let intent = state.intent(id)?;
    if intent.status != Status::Processing {
        return Err(intent.unexpected("This PaymentIntent is not processing."));
    }
    match decline_code {
        Some(code) => Err(decline(state, id, cards::decline(code))),
        None => succeed(state, id),
    }
}
