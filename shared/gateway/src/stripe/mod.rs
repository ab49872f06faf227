//! Stripe, through its HTTP API.

mod currencies;
mod errors;
mod wire;

use std::time::Duration;

use async_trait::async_trait;
use reqwest::Method;
use serde::Deserialize;

use self::{
    errors::Refusal,
    wire::{WireCharge, WireDispute, WireIntent, WireList, WireMethod, WireOutcomeOfCharge, WireRefund},
};
use super::{Charge, GatewayAnswer, GatewayError, History, Intent, IntentState, PaymentGateway, RefundRequest};
use shop_domain::{
    Currency, Money,
    payment::{CardDetails, Failure, FailureCode, GatewayRefund, PaymentMethod},
};
use shop_runtime::config::Secret;

pub use currencies::charge_limits;

/// Long enough for a slow charge, and short enough to look the intent up within the same Lambda.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);

/// The version of Stripe's API that this code is written against.
const API_VERSION: &str = "2024-06-20";

/// The longest page of a list.
const PAGE: &str = "100";

/// A client of Stripe's API.
#[derive(Clone, Debug)]
pub struct Stripe {
    http: reqwest::Client,
    base: String,
    key: Secret,
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
        let lost = |error: reqwest::Error| Refusal::unknown(error.without_url().to_string());
        let response = request.send().await.map_err(lost)?;
        let status = response.status();
        let body = response.bytes().await.map_err(lost)?;
        if status.is_success() {
            return serde_json::from_slice(&body)
                .map_err(|error| Refusal::unknown(format!("{path}: an answer of unknown shape: {error}")));
        }
        Err(Refusal::of(status, &body))
    }

    /// Every page of a list.
    async fn list<T: for<'de> Deserialize<'de>>(
        &self,
        path: &str,
        filter: (&str, &str),
        id: impl Fn(&T) -> &str,
    ) -> Result<Vec<T>, GatewayError> {
        let mut all: Vec<T> = Vec::new();
        loop {
            let mut form = vec![(filter.0, filter.1.to_owned()), ("limit", PAGE.to_owned())];
            form.extend(all.last().map(|last| ("starting_after", id(last).to_owned())));
            let page: WireList<T> = self.call(Method::GET, path, &form, None).await?;
            let is_last = !page.has_more || page.data.is_empty();
            all.extend(page.data);
            if is_last {
                return Ok(all);
            }
        }
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
            Err(Refusal::Error(GatewayError::Refused(_) | GatewayError::NotFound(_))) => {
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
                captured: wire.captured(),
                details: self.details(wire.payment_method.as_deref()).await,
            },
            "requires_action" | "requires_source_action" => IntentState::ActionRequired,
            "canceled" => IntentState::Cancelled,
            "requires_confirmation" => IntentState::Open,
            "requires_payment_method" => IntentState::Declined(match &wire.last_payment_error {
                Some(error) => error.failure(),
                None => Failure::new(FailureCode::CardDeclined, "the payment was declined"),
            }),
            _ => IntentState::Processing,
        };
        let answer = self.answer(&wire, &state).await;
        Intent {
            payment: wire.metadata.get("paymentId").and_then(|id| id.parse().ok()),
            currency: wire.currency.to_uppercase(),
            id: wire.id,
            state,
            client_secret: wire.client_secret,
            answer,
        }
    }

    /// What is kept of an answer. The charge of a decided attempt is optional, so a failure to read it is ignored.
    async fn answer(&self, wire: &WireIntent, state: &IntentState) -> GatewayAnswer {
        let is_decided = matches!(state, IntentState::Succeeded { .. } | IntentState::Declined(_));
        let id = wire.latest_charge.as_ref().filter(|_| is_decided).map(|charge| charge.id().to_owned());
        let charge = match &id {
            Some(id) => self.call(Method::GET, &format!("charges/{}", segment(id)), &[], None).await.ok(),
            None => None,
        };
        let WireOutcomeOfCharge { authorization_code, failure_code, outcome, payment_method_details } =
            charge.unwrap_or_default();
        let (outcome, error) = (outcome.unwrap_or_default(), wire.last_payment_error.as_ref());
        let card = payment_method_details.and_then(|details| details.card).unwrap_or_default();
        GatewayAnswer {
            intent: Some(wire.id.clone()),
            status: Some(wire.status.clone()),
            charge: id,
            network: card.network,
            authorization_code: card.authorization_code.or(authorization_code),
            failure_code: failure_code.or_else(|| error?.code.clone()),
            decline_code: error.and_then(|error| error.decline_code.clone()),
            network_decline_code: outcome.network_decline_code,
            outcome_type: outcome.kind,
            outcome_reason: outcome.reason,
            network_status: outcome.network_status,
            risk_level: outcome.risk_level,
        }
    }

    /// The card details that receipts show. Optional, so a failure is ignored.
    async fn details(&self, payment_method: Option<&str>) -> Option<CardDetails> {
        let path = format!("payment_methods/{}", segment(payment_method?));
        let method: WireMethod = self.call(Method::GET, &path, &[], None).await.ok()?;
        method.details()
    }

    async fn find(&self, intent: &str) -> Result<WireIntent, GatewayError> {
        Ok(self.call(Method::GET, &format!("payment_intents/{}", segment(intent)), &[], None).await?)
    }

    /// Confirms or cancels an intent, and returns its state: also where that state did not allow it, because a concurrent call
    /// was faster. Without an idempotency key, which would replay a failure for a day: an intent is charged once in any case.
    async fn act(&self, intent: &str, action: &str) -> Result<Intent, GatewayError> {
        let path = format!("payment_intents/{}/{action}", segment(intent));
        match self.call::<WireIntent>(Method::POST, &path, &[], None).await {
            Ok(wire) => Ok(self.read(wire).await),
            // The intent carries the decline, too; it is looked up so that its owner and currency are known.
            Err(Refusal::Declined(failure)) => {
                let found = self.look_up(intent).await?;
                let is_charged = matches!(found.state, IntentState::Succeeded { .. });
                Ok(if is_charged { found } else { Intent { state: IntentState::Declined(failure), ..found } })
            }
            Err(Refusal::Error(GatewayError::Refused(_))) => self.look_up(intent).await,
            Err(refusal) => Err(refusal.into()),
        }
    }
}

/// A gateway's id as one segment of a path. Other characters are removed, so that an id from a client cannot address
/// another resource.
fn segment(id: &str) -> String {
    id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
}

fn in_stripes_unit(amount: Money, currency: Currency) -> Result<String, GatewayError> {
    let amount = currencies::to_stripe(amount, currency);
    let amount =
        amount.ok_or_else(|| GatewayError::Misconfigured(format!("it cannot charge fractions of {currency}")))?;
    Ok(amount.to_string())
}

#[async_trait]
impl PaymentGateway for Stripe {
    async fn open(&self, charge: &Charge<'_>) -> Result<Intent, GatewayError> {
        let method_type = if charge.method == PaymentMethod::Paypal { "paypal" } else { "card" };
        let form = [
            ("amount", in_stripes_unit(charge.amount, charge.currency)?),
            ("currency", charge.currency.code().to_lowercase()),
            ("payment_method", self.payment_method(charge).await?),
            ("payment_method_types[]", method_type.to_owned()),
            ("metadata[paymentId]", charge.payment.to_string()),
            ("metadata[orderId]", charge.order.to_string()),
            ("metadata[attempt]", charge.attempt.to_string()),
        ];
        let key = format!("{}-{}-open", charge.payment, charge.attempt);
        match self.call::<WireIntent>(Method::POST, "payment_intents", &form, Some(&key)).await {
            Ok(wire) => Ok(self.read(wire).await),
            // The payment method is the only object that the request names.
            Err(Refusal::Error(GatewayError::NotFound(_) | GatewayError::Refused(_))) => {
                let failure = Failure::new(FailureCode::InvalidPaymentMethod, "the payment method was not accepted");
                Err(GatewayError::InvalidMethod(failure))
            }
            Err(refusal) => Err(refusal.into()),
        }
    }

    async fn confirm(&self, intent: &str) -> Result<Intent, GatewayError> {
        self.act(intent, "confirm").await
    }

    async fn look_up(&self, intent: &str) -> Result<Intent, GatewayError> {
        Ok(self.read(self.find(intent).await?).await)
    }

    async fn cancel(&self, intent: &str) -> Result<Intent, GatewayError> {
        self.act(intent, "cancel").await
    }

    async fn history(&self, intent: &str, currency: Currency) -> Result<History, GatewayError> {
        let wire = self.find(intent).await?;
        let Some(charge) = wire.latest_charge.as_ref().map(|charge| charge.id().to_owned()) else {
            return Ok(History::default());
        };
        let refunds: Vec<WireRefund> =
            self.list("refunds", ("payment_intent", intent), |refund: &WireRefund| &refund.id).await?;
        let charge: WireCharge = self.call(Method::GET, &format!("charges/{}", segment(&charge)), &[], None).await?;
        let disputes: Vec<WireDispute> = if charge.disputed {
            self.list("disputes", ("charge", &charge.id), |dispute: &WireDispute| &dispute.id).await?
        } else {
            Vec::new()
        };
        Ok(History {
            refunds: refunds.into_iter().filter_map(|refund| refund.read(currency)).collect(),
            disputes: disputes.into_iter().filter_map(|dispute| dispute.read(currency)).collect(),
        })
    }

    async fn refund(&self, intent: &str, refund: &RefundRequest) -> Result<GatewayRefund, GatewayError> {
        let form = [
            ("payment_intent", intent.to_owned()),
            ("amount", in_stripes_unit(refund.amount, refund.currency)?),
            ("metadata[refundId]", refund.refund.to_string()),
        ];
        // The attempt is in the key: Stripe replays a stored failure for a day.
        let key = format!("{}-{}-refund", refund.refund, refund.attempt);
        let made: WireRefund = self.call(Method::POST, "refunds", &form, Some(&key)).await?;
        made.read(refund.currency).ok_or_else(|| GatewayError::Unknown("a refund of no whole minor unit".to_owned()))
    }
}
