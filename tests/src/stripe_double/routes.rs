//! The endpoints of the API that the double has.

use serde_json::{Value, json};

use super::{
    confirm, disputes,
    error::{Answer, StripeError},
    form::Form,
    intents, list, methods, refunds,
    state::{Resource, State, find},
};

/// Executes a request.
pub(super) fn route(state: &mut State, method: &str, path: &str, form: &Form) -> Answer {
    intents::lapse(state);
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    let answer = match (method, segments.as_slice()) {
        ("POST", ["v1", "payment_intents"]) => intents::create(state, form),
        ("POST", ["v1", "payment_intents", id]) => intents::update(state, id, form),
        ("POST", ["v1", "payment_intents", id, "confirm"]) => confirm::confirm(state, id, form),
        ("POST", ["v1", "payment_intents", id, "capture"]) => intents::capture(state, id, form),
        ("POST", ["v1", "payment_intents", id, "cancel"]) => intents::cancel(state, id, form),
        ("GET", ["v1", "payment_intents", id]) => state.intent(id).map(|intent| intent.json()),
        ("GET", ["v1", "payment_intents"]) => {
            let customer = form.text("customer");
            let (from, until) = (form.integer("created[gte]")?, form.integer("created[lt]")?);
            let matches = |each: &intents::Intent| {
                (customer.is_none() || each.customer.as_deref() == customer)
                    && from.is_none_or(|from| each.created >= from)
                    && until.is_none_or(|until| each.created < until)
            };
            list::page(&state.intents, path, form, matches)
        }

        ("GET", ["v1", "charges", id]) => state.charge(id).map(|charge| charge.json()),
        ("GET", ["v1", "charges"]) => {
            let intent = form.text("payment_intent");
            list::page(&state.charges, path, form, |each| intent.is_none_or(|intent| each.intent == intent))
        }

        ("POST", ["v1", "refunds"]) => refunds::create(state, form),
        ("POST", ["v1", "refunds", id]) => refunds::update(state, id, form),
        ("POST", ["v1", "refunds", id, "cancel"]) => refunds::cancel(state, id),
        ("GET", ["v1", "refunds", id]) => state.refund(id).map(|refund| refund.json()),
        ("GET", ["v1", "refunds"]) => {
            let (intent, charge) = (form.text("payment_intent"), form.text("charge"));
            list::page(&state.refunds, path, form, |each| {
                intent.is_none_or(|intent| each.intent == intent) && charge.is_none_or(|charge| each.charge == charge)
            })
        }

        ("GET", ["v1", "disputes", id]) => state.dispute(id).map(|dispute| dispute.json()),
        ("GET", ["v1", "disputes"]) => {
            let intent = form.text("payment_intent");
            let matches = |each: &disputes::Dispute| intent.is_none_or(|intent| each.intent == intent);
            list::page(&state.disputes, path, form, matches)
        }

        ("POST", ["v1", "payment_methods"]) => methods::create(state, form),
        ("GET", ["v1", "payment_methods", id]) => methods::read(state, id),
        ("POST", ["v1", "payment_methods", id, "attach"]) => methods::attach(state, id, form),
        ("POST", ["v1", "payment_methods", id, "detach"]) => methods::detach(state, id),
        ("GET", ["v1", "tokens", id]) => methods::token(state, id),
        ("POST", ["v1", "customers"]) => methods::create_customer(state, form),
        ("GET", ["v1", "customers", id]) => find(&mut state.customers, id, "customer").map(|customer| customer.json()),
        ("GET", ["v1", "customers", id, "payment_methods"]) => {
            list::page(&state.methods, path, form, |each| each.customer.as_deref() == Some(*id))
        }
        ("POST", ["v1", "setup_intents"]) => methods::create_setup_intent(state, form),
        ("POST", ["v1", "setup_intents", id, "confirm"]) => methods::confirm_setup_intent(state, id, form),
        ("GET", ["v1", "setup_intents", id]) => find(&mut state.setup_intents, id, "intent").map(|setup| setup.json()),

        ("GET", ["v1", "balance"]) => Ok(balance(state)),
        ("GET", ["v1", "events"]) => {
            let events: Vec<Value> =
                state.events.iter().rev().map(|event| serde_json::from_str(&event.body()).unwrap()).collect();
            Ok(json!({"object": "list", "url": path, "has_more": false, "data": events}))
        }
        _ => Err(StripeError::no_endpoint(method, path)),
    };
    answer.map(|object| form.list("expand").iter().fold(object, |object, path| expand(state, object, path)))
}

/// The page "Expanding Responses": the object in place of its id; `data.` for each of a list.
fn expand(state: &mut State, mut object: Value, path: &str) -> Value {
    if let Some(of_each) = path.strip_prefix("data.") {
        if let Some(data) = object["data"].as_array_mut() {
            for each in data {
                *each = expand(state, each.take(), of_each);
            }
        }
        return object;
    }
    let Some(id) = object[path].as_str() else { return object };
    let expanded = match path {
        "payment_intent" => state.intent(id).map(|intent| intent.json()),
        "latest_charge" | "charge" => state.charge(id).map(|charge| charge.json()),
        "payment_method" => state.method(id).map(|method| method.json()),
        _ => return object,
    };
    if let Ok(expanded) = expanded {
        object[path] = expanded;
    }
    object
}

/// "Balance object", which has no id.
pub(super) fn balance(state: &State) -> Value {
    let available: Vec<Value> =
        state.balance.iter().map(|(currency, amount)| json!({"amount": amount, "currency": currency})).collect();
    json!({"object": "balance", "available": available, "livemode": false, "pending": []})
}
