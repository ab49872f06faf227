//! A strict double of Stripe: what its documentation says and the Stripe API of the other tests does not do. It refuses,
//! changes its mind, remembers failures, and has a dashboard with a person's hand in it.
//!
//! Sources: Stripe's documentation, "Errors", "Idempotent requests", "Supported currencies", "PaymentIntents: how they work",
//! "Refunds", "Disputes" and "Pagination".

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::State as Shared,
    http::{HeaderMap, Method, StatusCode, Uri, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use shared::{config::Secret, gateway::Stripe};

/// A card that needs 3-D Secure.
pub const NEEDS_AUTHENTICATION: &str = "pm_card_authenticationRequired";

/// The default and the longest page of a list ("Pagination").
const PAGES: (usize, usize) = (10, 100);

/// An answer: status and body.
type Answer = (u16, Value);

type Form = BTreeMap<String, String>;

/// Stripe, on a port of its own, for one test.
#[derive(Clone, Debug)]
pub struct StripeDouble {
    base: String,
    world: Arc<Mutex<World>>,
}

#[derive(Debug, Default)]
struct World {
    number: u64,
    intents: BTreeMap<String, Value>,
    charges: BTreeMap<String, Value>,
    /// In the order in which they were made; lists are newest first.
    refunds: Vec<Value>,
    disputes: Vec<Value>,
    /// "Idempotent requests": the first answer by key, whatever it was, with the request's parameters.
    answers: BTreeMap<String, (String, Answer)>,
    /// Calls that fail next: a part of method and path, and the answer.
    failures: VecDeque<(String, Answer)>,
    refund_status: Option<&'static str>,
    /// Every call: method and path.
    calls: Vec<String>,
}

impl StripeDouble {
    /// Starts it.
    pub async fn start() -> Self {
        let world = Arc::new(Mutex::new(World::default()));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(serve).with_state(Arc::clone(&world));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { base, world }
    }

    /// The shop's own client of it.
    pub fn client(&self) -> Stripe {
        Stripe::try_new(&self.base, Secret::new("sk_test_double")).unwrap()
    }

    /// The next call whose method and path contain `part` is answered with this status and error, and not carried out. Like
    /// Stripe, it replays the answer for the same idempotency key.
    pub fn fail_next(&self, part: &str, status: u16, kind: &str, code: &str) {
        self.world().failures.push_back((part.to_owned(), error(status, kind, code, None)));
    }

    /// Refunds are made in this state from now on: `pending`, `failed`, `succeeded`.
    pub fn refunds_are(&self, status: &'static str) {
        self.world().refund_status = Some(status);
    }

    /// The state of every refund changes: `refund.updated` or `refund.failed`.
    pub fn all_refunds_become(&self, status: &str) {
        for refund in &mut self.world().refunds {
            refund["status"] = status.into();
            refund["failure_reason"] = if status == "failed" { "expired_or_canceled_card".into() } else { Value::Null };
        }
    }

    /// A person refunds in the dashboard.
    pub fn refund_by_hand(&self, intent: &str, amount: i64) {
        let form = Form::from([("payment_intent".into(), intent.into()), ("amount".into(), amount.to_string())]);
        let (status, _) = self.world().refund(&form);
        assert_eq!(status, 200);
    }

    /// The customer's bank disputes the whole charge ("Disputes": the amount is taken at once).
    pub fn dispute(&self, intent: &str) {
        let mut world = self.world();
        let id = world.id("dp");
        let charge = text(&world.intents[intent]["latest_charge"]);
        let amount = world.charges[&charge]["amount"].clone();
        world.charges.get_mut(&charge).unwrap()["disputed"] = true.into();
        let details = json!({"due_by": 4_102_444_800_i64});
        world.disputes.push(json!({
            "id": id, "object": "dispute", "charge": charge, "payment_intent": intent, "amount": amount,
            "status": "needs_response", "reason": "fraudulent", "evidence_details": details,
        }));
    }

    /// Every dispute ends: `won` or `lost`.
    pub fn disputes_are(&self, status: &str) {
        self.world().disputes.iter_mut().for_each(|dispute| dispute["status"] = status.into());
    }

    /// An intent succeeded with another amount and currency than were asked for.
    pub fn charge_wrongly(&self, intent: &str, amount: i64, currency: &str) {
        let mut world = self.world();
        world.charge(intent);
        let intent = world.intents.get_mut(intent).unwrap();
        intent["amount_received"] = amount.into();
        intent["currency"] = currency.into();
    }

    /// An intent disappears: its look-up is 404.
    pub fn forget(&self, intent: &str) {
        self.world().intents.remove(intent);
    }

    /// What was charged for all payments, without what was refunded or lost to disputes.
    pub fn balance(&self) -> i64 {
        let world = self.world();
        let sum = |values: &mut dyn Iterator<Item = &Value>| -> i64 {
            values.map(|each| each["amount"].as_i64().unwrap()).sum()
        };
        let refunded = &mut world.refunds.iter().filter(|refund| refund["status"] != "failed");
        let lost = &mut world.disputes.iter().filter(|dispute| dispute["status"] == "lost");
        sum(&mut world.charges.values()) - sum(refunded) - sum(lost)
    }

    /// The amounts of all refunds that did not fail.
    pub fn refunded(&self) -> Vec<i64> {
        let world = self.world();
        let made = world.refunds.iter().filter(|refund| refund["status"] != "failed");
        made.map(|refund| refund["amount"].as_i64().unwrap()).collect()
    }

    /// The status of an intent.
    pub fn status(&self, intent: &str) -> String {
        text(&self.world().intents[intent]["status"])
    }

    /// How many calls' method and path contain `part`.
    pub fn count(&self, part: &str) -> usize {
        self.world().calls.iter().filter(|call| call.contains(part)).count()
    }

    fn world(&self) -> std::sync::MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }
}

async fn serve(
    Shared(world): Shared<Arc<Mutex<World>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let form = if method == Method::GET { uri.query().unwrap_or_default().to_owned() } else { text_of(&body) };
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok());
    let (status, body) = world.lock().unwrap().answer(&method, uri.path(), &form, key);
    let status = StatusCode::from_u16(status).unwrap();
    (status, [(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

impl World {
    fn id(&mut self, prefix: &str) -> String {
        self.number += 1;
        format!("{prefix}_{:08}", self.number)
    }

    fn answer(&mut self, method: &Method, path: &str, body: &str, key: Option<&str>) -> Answer {
        let call = format!("{method} {path}");
        self.calls.push(call.clone());
        if let Some((parameters, answer)) = key.and_then(|key| self.answers.get(key)) {
            let is_same = *parameters == format!("{call} {body}");
            return if is_same { answer.clone() } else { error(400, "idempotency_error", "", None) };
        }
        let failure = self.failures.iter().position(|(part, _)| call.contains(part.as_str()));
        let answer = match failure.and_then(|at| self.failures.remove(at)) {
            Some((_, answer)) => answer,
            None => self.carry_out(&call, &parse(body)),
        };
        if let Some(key) = key {
            self.answers.insert(key.to_owned(), (format!("{call} {body}"), answer.clone()));
        }
        answer
    }

    fn carry_out(&mut self, call: &str, form: &Form) -> Answer {
        let path: Vec<&str> = call.split(['/', ' ']).filter(|part| !part.is_empty()).collect();
        match path.as_slice() {
            ["POST", "v1", "payment_methods"] => (200, json!({"id": self.id("pm"), "card": {"brand": "visa"}})),
            ["GET", "v1", "payment_methods", id] => {
                (200, json!({"id": id, "card": {"brand": "visa", "last4": "4242"}}))
            }
            ["POST", "v1", "payment_intents"] => self.open(form),
            ["GET", "v1", "payment_intents", id] => self.intents.get(*id).map_or_else(missing, |it| (200, it.clone())),
            ["POST", "v1", "payment_intents", id, action] if self.intents.contains_key(*id) => self.act(id, action),
            ["GET", "v1", "charges", id] => self.charges.get(*id).map_or_else(missing, |it| (200, it.clone())),
            ["GET", "v1", "refunds"] => page(&self.refunds, form, "payment_intent"),
            ["GET", "v1", "disputes"] => page(&self.disputes, form, "charge"),
            ["POST", "v1", "refunds"] => self.refund(form),
            _ => missing(),
        }
    }

    /// "Supported currencies": units, steps, minimum and maximum.
    fn open(&mut self, form: &Form) -> Answer {
        let (amount, currency) = (form["amount"].parse::<i64>().unwrap(), form["currency"].as_str());
        let (step, least) = match currency {
            "isk" | "ugx" => (100, 100),
            "bhd" | "jod" | "kwd" | "omr" | "tnd" => (10, 10),
            "usd" | "eur" | "jpy" => (1, 50),
            _ => (1, 1),
        };
        if amount % step != 0 {
            return error(400, "invalid_request_error", "parameter_invalid_integer", Some("amount"));
        }
        if amount < least {
            return error(400, "invalid_request_error", "amount_too_small", Some("amount"));
        }
        if form["payment_method"] == "pm_unknown" {
            return error(400, "invalid_request_error", "resource_missing", Some("payment_method"));
        }
        let id = self.id("pi");
        let metadata: BTreeMap<&str, &String> = form
            .iter()
            .filter_map(|(name, value)| Some((name.strip_prefix("metadata[")?.strip_suffix(']')?, value)))
            .collect();
        let intent = json!({
            "id": id, "object": "payment_intent", "amount": amount, "currency": currency, "amount_received": 0,
            "status": "requires_confirmation", "payment_method": form["payment_method"], "metadata": metadata,
            "client_secret": format!("{id}_secret_double"), "latest_charge": null, "last_payment_error": null,
        });
        self.intents.insert(id, intent.clone());
        (200, intent)
    }

    /// "PaymentIntents: how they work": confirming a charged one, or cancelling a final one, is an unexpected state.
    fn act(&mut self, id: &str, action: &str) -> Answer {
        let status = text(&self.intents[id]["status"]);
        match (action, status.as_str()) {
            ("confirm", "requires_confirmation" | "requires_payment_method") => self.confirm(id),
            ("cancel", "requires_confirmation" | "requires_payment_method" | "requires_action") => {
                self.intents.get_mut(id).unwrap()["status"] = "canceled".into();
                (200, self.intents[id].clone())
            }
            _ => error(400, "invalid_request_error", "payment_intent_unexpected_state", None),
        }
    }

    fn confirm(&mut self, id: &str) -> Answer {
        let method = text(&self.intents[id]["payment_method"]);
        let decline = match method.as_str() {
            NEEDS_AUTHENTICATION => {
                self.intents.get_mut(id).unwrap()["status"] = "requires_action".into();
                return (200, self.intents[id].clone());
            }
            "pm_card_chargeDeclinedInsufficientFunds" => "insufficient_funds",
            "pm_card_chargeDeclinedStolenCard" => "stolen_card",
            _ => {
                self.charge(id);
                return (200, self.intents[id].clone());
            }
        };
        let mut refused = error(402, "card_error", "card_declined", None);
        refused.1["error"]["decline_code"] = decline.into();
        let intent = self.intents.get_mut(id).unwrap();
        intent["status"] = "requires_payment_method".into();
        intent["last_payment_error"] = refused.1["error"].clone();
        refused
    }

    fn charge(&mut self, id: &str) {
        let charge = self.id("ch");
        let intent = self.intents.get_mut(id).unwrap();
        intent["status"] = "succeeded".into();
        intent["amount_received"] = intent["amount"].clone();
        intent["latest_charge"] = charge.as_str().into();
        let amount = intent["amount"].clone();
        self.charges
            .insert(charge.clone(), json!({"id": charge, "amount": amount, "disputed": false, "payment_intent": id}));
    }

    /// "Refunds": never more than was charged, and not while the charge is disputed.
    fn refund(&mut self, form: &Form) -> Answer {
        let intent = form["payment_intent"].clone();
        let Some(charge) = self.intents.get(&intent).map(|intent| text(&intent["latest_charge"])) else {
            return missing();
        };
        let of_intent = self.refunds.iter().filter(|refund| refund["payment_intent"] == intent.as_str());
        let made = of_intent.filter(|refund| refund["status"] != "failed");
        let left = self.charges[&charge]["amount"].as_i64().unwrap()
            - made.map(|refund| refund["amount"].as_i64().unwrap()).sum::<i64>();
        let amount = form.get("amount").map_or(left, |amount| amount.parse().unwrap());
        if self.charges[&charge]["disputed"] == true {
            return error(400, "invalid_request_error", "charge_disputed", None);
        }
        if left == 0 || amount > left {
            let code = if left == 0 { "charge_already_refunded" } else { "amount_too_large" };
            return error(400, "invalid_request_error", code, Some("amount"));
        }
        let id = self.id("re");
        let status = self.refund_status.unwrap_or("succeeded");
        let metadata = form.get("metadata[refundId]").map_or_else(|| json!({}), |ours| json!({"refundId": ours}));
        self.refunds.push(json!({
            "id": id, "object": "refund", "payment_intent": intent, "amount": amount, "status": status,
            "failure_reason": if status == "failed" { json!("declined") } else { Value::Null }, "metadata": metadata,
        }));
        (200, self.refunds.last().unwrap().clone())
    }
}

/// "Pagination": newest first, behind `starting_after`.
fn page(all: &[Value], form: &Form, filter: &str) -> Answer {
    let matching: Vec<&Value> = all.iter().rev().filter(|each| each[filter] == form[filter].as_str()).collect();
    let from = form.get("starting_after").and_then(|id| matching.iter().position(|each| each["id"] == id.as_str()));
    let from = from.map_or(0, |at| at + 1);
    let limit = form.get("limit").map_or(PAGES.0, |limit| limit.parse().unwrap()).min(PAGES.1);
    let data: Vec<&Value> = matching.iter().skip(from).take(limit).copied().collect();
    (200, json!({"object": "list", "has_more": from + data.len() < matching.len(), "data": data}))
}

fn error(status: u16, kind: &str, code: &str, param: Option<&str>) -> Answer {
    let message = format!("the double answers {status} {code}");
    (status, json!({"error": {"type": kind, "code": code, "param": param, "message": message}}))
}

fn missing() -> Answer {
    error(404, "invalid_request_error", "resource_missing", None)
}

fn parse(form: &str) -> Form {
    let url = reqwest::Url::parse(&format!("http://double/?{form}")).unwrap();
    url.query_pairs().into_owned().collect()
}

fn text_of(body: &Bytes) -> String {
    String::from_utf8_lossy(body).into_owned()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
