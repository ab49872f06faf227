//! Stripe, through its HTTP API.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::{Method, StatusCode};
use serde::Deserialize;

use super::{Charge, GatewayError, Intent, IntentState, PaymentGateway};
use shop_domain::{
    Id, Money,
    payment::{PaymentDetails, PaymentMethod, Refund},
};
use shop_runtime::config::Secret;

/// Long enough for a slow charge, and short enough to look the intent up within the same Lambda.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);

/// The version of Stripe's API that this code was written against.
const API_VERSION: &str = "2024-06-20";

/// A client of Stripe's API.
#[derive(Clone, Debug)]
pub struct Stripe {
    http: reqwest::Client,
    base: String,
    key: Secret,
}

/// The fields of a PaymentIntent that are read.
#[derive(Debug, Deserialize)]
struct WireIntent {
    id: String,
    status: String,
    amount: i64,
    #[serde(default)]
    amount_received: Option<i64>,
    #[serde(default)]
    client_secret: Option<String>,
    #[serde(default)]
    last_payment_error: Option<WireError>,
    #[serde(default)]
    payment_method: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct WireError {
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    code: Option<String>,
}

#[derive(Debug, Deserialize)]
struct WireProblem {
    error: WireError,
}

#[derive(Debug, Deserialize)]
struct WireMethod {
    id: String,
    #[serde(default)]
    card: Option<WireCard>,
    #[serde(default)]
    billing_details: Option<WireBilling>,
}

#[derive(Debug, Deserialize)]
struct WireCard {
    brand: Option<String>,
    last4: Option<String>,
    exp_month: Option<i64>,
    exp_year: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct WireBilling {
    #[serde(default)]
    name: Option<String>,
}

#[derive(Debug, Deserialize)]
struct WireRefund {
    id: String,
    #[serde(default)]
    metadata: std::collections::BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct WireList<T> {
    data: Vec<T>,
}

/// A call that failed.
#[derive(Debug)]
enum Refusal {
    /// 402: the card was declined.
    Declined(String),
    /// Another 4xx: the request is invalid, or the object's state does not allow it.
    Request(String),
    /// The outcome is unknown or a retry may succeed: no answer, a 5xx, 401, 408 or 429.
    NoAnswer(String),
}

impl From<Refusal> for GatewayError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Declined(reason) | Refusal::Request(reason) => Self::Refused(reason),
            Refusal::NoAnswer(reason) => Self::Unknown(reason),
        }
    }
}

type Form<'a> = &'a [(&'a str, String)];

impl Stripe {
    /// A client for the API at `base` (`https://api.stripe.com`).
    ///
    /// # Errors
    /// If TLS cannot be set up.
    pub fn try_new(base: &str, key: Secret) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder().timeout(REQUEST_TIMEOUT).build()?;
        Ok(Self { http, base: base.trim_end_matches('/').to_owned(), key })
    }

    async fn call<T: for<'de> Deserialize<'de>>(
        &self,
        method: Method,
        path: &str,
        form: Form<'_>,
        idempotency_key: Option<&str>,
    ) -> Result<T, Refusal> {
        let url = format!("{}/v1/{path}", self.base);
        let mut request =
            self.http.request(method.clone(), url).bearer_auth(self.key.expose()).header("Stripe-Version", API_VERSION);
        if method == Method::GET {
            request = request.query(form);
        } else {
            request = request.form(form);
        }
        if let Some(key) = idempotency_key {
            request = request.header("Idempotency-Key", key);
        }
        // Without the URL: ids of payments do not belong in error texts.
        let lost = |error: reqwest::Error| Refusal::NoAnswer(error.without_url().to_string());
        let response = request.send().await.map_err(lost)?;
        let status = response.status();
        let body = response.bytes().await.map_err(lost)?;
        if status.is_success() {
            return serde_json::from_slice(&body)
                .map_err(|error| Refusal::NoAnswer(format!("{path}: an answer of unknown shape: {error}")));
        }
        let problem = serde_json::from_slice::<WireProblem>(&body).map(|problem| problem.error).unwrap_or_default();
        let reason = problem.message.or(problem.code).unwrap_or_else(|| status.to_string());
        Err(match status {
            StatusCode::PAYMENT_REQUIRED => Refusal::Declined(reason),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT | StatusCode::UNAUTHORIZED => {
                Refusal::NoAnswer(format!("{status}: {reason}"))
            }
            status if status.is_client_error() => Refusal::Request(reason),
            status => Refusal::NoAnswer(format!("{status}: {reason}")),
        })
    }

    /// The id of the payment method to charge. A single-use card token is converted into a payment method first.
    async fn payment_method(&self, charge: &Charge<'_>) -> Result<String, GatewayError> {
        let token = charge.source.expose();
        if !token.starts_with("tok_") {
            return Ok(token.to_owned());
        }
        let form = [("type", "card".to_owned()), ("card[token]", token.to_owned())];
        let key = format!("{}-{}-method", charge.payment, charge.attempt);
        match self.call::<WireMethod>(Method::POST, "payment_methods", &form, Some(&key)).await {
            Ok(method) => Ok(method.id),
            Err(Refusal::Request(_)) => {
                // Older API versions cannot convert a token, but accept the id of its card as a payment method.
                #[derive(Deserialize)]
                struct Token {
                    card: WireMethod,
                }
                let path = format!("tokens/{}", segment(token));
                Ok(self.call::<Token>(Method::GET, &path, &[], None).await?.card.id)
            }
            Err(refusal) => Err(refusal.into()),
        }
    }

    async fn read(&self, wire: WireIntent) -> Intent {
        let state = match wire.status.as_str() {
            "succeeded" => IntentState::Succeeded {
                captured: Money::from_minor(wire.amount_received.unwrap_or(wire.amount)),
                details: self.details(wire.payment_method.as_deref()).await,
            },
            "requires_action" | "requires_source_action" => IntentState::ActionRequired,
            "canceled" => IntentState::Cancelled,
            "requires_confirmation" => IntentState::Open,
            "requires_payment_method" => match wire.last_payment_error {
                Some(error) => IntentState::Declined { reason: error.message.unwrap_or_else(declined) },
                None => IntentState::Declined { reason: declined() },
            },
            _ => IntentState::Processing,
        };
        Intent { id: wire.id, state, client_secret: wire.client_secret }
    }

    /// The card details that receipts show. Optional, so a failure is ignored.
    async fn details(&self, payment_method: Option<&str>) -> Option<PaymentDetails> {
        let path = format!("payment_methods/{}", segment(payment_method?));
        let method: WireMethod = self.call(Method::GET, &path, &[], None).await.ok()?;
        let card = method.card?;
        Some(PaymentDetails {
            brand: card.brand,
            last4: card.last4,
            expiry_month: card.exp_month.map(|month| format!("{month:02}")),
            expiry_year: card.exp_year.map(|year| year.to_string()),
            holder_name: method.billing_details.and_then(|billing| billing.name),
        })
    }

    /// Changes the state of an intent. If a concurrent call makes that impossible, answers the intent's current state.
    async fn act(&self, intent: &str, action: &str, form: Form<'_>, key: &str) -> Result<Intent, GatewayError> {
        let path = format!("payment_intents/{}/{action}", segment(intent));
        match self.call::<WireIntent>(Method::POST, &path, form, Some(key)).await {
            Ok(wire) => Ok(self.read(wire).await),
            Err(Refusal::Declined(reason)) => {
                Ok(Intent { id: intent.to_owned(), state: IntentState::Declined { reason }, client_secret: None })
            }
            Err(Refusal::Request(_)) => self.look_up(intent).await,
            Err(refusal) => Err(refusal.into()),
        }
    }
}

fn declined() -> String {
    "the payment was declined".to_owned()
}

/// A gateway's id as one segment of a path. Other characters are removed, so that an id from a client cannot address
/// another resource.
fn segment(id: &str) -> String {
    id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
}

#[async_trait]
impl PaymentGateway for Stripe {
    async fn open(&self, charge: &Charge<'_>) -> Result<Intent, GatewayError> {
        let method_type = if charge.method == PaymentMethod::Paypal { "paypal" } else { "card" };
        let form = [
            ("amount", charge.amount.minor().to_string()),
            ("currency", charge.currency.code().to_lowercase()),
            ("payment_method", self.payment_method(charge).await?),
            ("payment_method_types[]", method_type.to_owned()),
            ("metadata[paymentId]", charge.payment.to_string()),
            ("metadata[orderId]", charge.order.to_string()),
            ("metadata[attempt]", charge.attempt.to_string()),
        ];
        let key = format!("{}-{}-open", charge.payment, charge.attempt);
        let wire = self.call::<WireIntent>(Method::POST, "payment_intents", &form, Some(&key)).await?;
        Ok(self.read(wire).await)
    }

    async fn confirm(&self, intent: &str) -> Result<Intent, GatewayError> {
        self.act(intent, "confirm", &[], &format!("{intent}-confirm")).await
    }

    async fn look_up(&self, intent: &str) -> Result<Intent, GatewayError> {
        let wire =
            self.call::<WireIntent>(Method::GET, &format!("payment_intents/{}", segment(intent)), &[], None).await?;
        Ok(self.read(wire).await)
    }

    async fn cancel(&self, intent: &str) -> Result<Intent, GatewayError> {
        self.act(intent, "cancel", &[], &format!("{intent}-cancel")).await
    }

    async fn refund(&self, intent: &str, refund: Id<Refund>, amount: Money) -> Result<String, GatewayError> {
        // Looked up first: Stripe keeps idempotency keys for a day, but refunds for good.
        let form = [("payment_intent", intent.to_owned()), ("limit", "100".to_owned())];
        let existing: WireList<WireRefund> = self.call(Method::GET, "refunds", &form, None).await?;
        let ours = refund.to_string();
        if let Some(found) = existing.data.into_iter().find(|each| each.metadata.get("refundId") == Some(&ours)) {
            return Ok(found.id);
        }
        let form = [
            ("payment_intent", intent.to_owned()),
            ("amount", amount.minor().to_string()),
            ("metadata[refundId]", ours.clone()),
        ];
        let created: WireRefund = self.call(Method::POST, "refunds", &form, Some(&format!("{ours}-refund"))).await?;
        Ok(created.id)
    }
}
