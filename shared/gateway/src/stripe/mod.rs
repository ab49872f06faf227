//! Stripe, through its HTTP API.

mod currencies;
mod errors;
mod wire;

use std::time::Duration;

use async_trait::async_trait;
use reqwest::Method;
use serde::Deserialize;

use self::{
    errors::{Refusal, not_accepted},
    wire::{
        MethodReference, WireCharge, WireCustomer, WireDispute, WireIntent, WireList, WireMethod, WireOutcomeOfCharge,
        WireRefund,
    },
};
use super::{
    CaptureRequest, Charge, GatewayAnswer, GatewayError, History, Intent, IntentState, Page, PaymentGateway,
    RefundRequest, Window,
};
use shop_domain::{
    Currency, Id, Money,
    payment::{
        CaptureMode, CardDetails, Failure, FailureCode, GatewayRefund, Instrument, PaymentMethod, PaymentSource,
    },
    saved_method::CardOnFile,
    secret_hash::sha256_hex,
    user::User,
};
use shop_runtime::config::Secret;

pub use currencies::charge_limits;

/// Long enough for a slow charge, and short enough to look the intent up within the same Lambda.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);

/// The version of Stripe's API that this code is written against. Before it, Stripe lists what an authorisation releases as a
/// refund, though it was never captured.
const API_VERSION: &str = "2025-03-31.basil";

/// The type of a card among payment methods.
const CARD: &str = "card";

/// The type of a PayPal account.
const PAYPAL: &str = "paypal";

/// The longest page of a list.
const PAGE: &str = "100";

/// What a token is, as far as it is known without a call: single-use tokens are of cards.
pub fn instrument_of(token: &str) -> Option<Instrument> {
    token.starts_with("tok_").then_some(Instrument::Card(None))
}

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
    async fn all<T: for<'de> Deserialize<'de>>(
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

    /// The id of the payment method of a token. A single-use card token is converted into a payment method first, and always
    /// into the same one: after a decline, a customer may try the same token again.
    async fn payment_method(&self, source: &PaymentSource) -> Result<String, GatewayError> {
        let token = source.expose();
        // Such a path would address another resource, or none.
        if token.is_empty() || segment(token) != token {
            return Err(invalid_method("the token is none of the payment form's"));
        }
        if !token.starts_with("tok_") {
            return Ok(token.to_owned());
        }
        let form = [("type", "card".to_owned()), ("card[token]", token.to_owned())];
        let key = format!("{}-method", sha256_hex(token));
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

    async fn find_method(&self, id: &str) -> Result<WireMethod, GatewayError> {
        Ok(self.call(Method::GET, &format!("payment_methods/{}", segment(id)), &[], None).await?)
    }

    /// The payment method of a charge: its type, and the field of an intent that names it.
    async fn source_field(&self, charge: &Charge<'_>) -> Result<(String, (&'static str, String)), GatewayError> {
        let Some(source) = charge.source else {
            // The customer chooses the account on PayPal's page.
            return Ok((PAYPAL.to_owned(), ("payment_method_data[type]", PAYPAL.to_owned())));
        };
        let method = self.payment_method(source).await.map_err(unknown_method)?;
        let kind = match charge.method {
            PaymentMethod::Paypal => PAYPAL.to_owned(),
            // Whatever the gateway's form offered: only the payment method itself knows.
            PaymentMethod::Stripe if source.expose().starts_with("pm_") => {
                self.find_method(&method).await.map_err(unknown_method)?.kind.unwrap_or_else(|| CARD.to_owned())
            }
            _ => CARD.to_owned(),
        };
        Ok((kind, ("payment_method", method)))
    }

    /// Why an intent could not be opened. Only what is wrong with the payment method itself is the buyer's fault: the rest of
    /// the request is the shop's.
    async fn not_opened(&self, error: GatewayError, charge: &Charge<'_>) -> GatewayError {
        match (error, charge.source) {
            // Not every version of the API tells what it does not know.
            (GatewayError::NotFound(words), Some(source)) if source.expose().starts_with("pm_") => {
                match self.find_method(source.expose()).await {
                    Err(GatewayError::NotFound(_)) => GatewayError::InvalidMethod(not_accepted()),
                    _ => GatewayError::Misconfigured(words),
                }
            }
            (GatewayError::NotFound(words) | GatewayError::Refused(words), _) => GatewayError::Misconfigured(words),
            (error, _) => error,
        }
    }

    async fn read(&self, wire: WireIntent) -> Result<Intent, GatewayError> {
        let is_authorised = wire.status == "requires_capture";
        let details = match wire.status.as_str() {
            "succeeded" | "requires_capture" => self.details(wire.payment_method.as_ref()).await,
            _ => None,
        };
        // The charge tells until when it is authorised, and whether it can be captured in parts.
        let charge = match &wire.latest_charge {
            Some(charge) if is_authorised => {
                self.call(Method::GET, &format!("charges/{}", segment(charge.id())), &[], None).await?
            }
            None if is_authorised => {
                return Err(GatewayError::Unknown("an authorised intent without a charge".to_owned()));
            }
            _ => WireCharge::default(),
        };
        let answer = self.answer(&wire).await;
        Ok(Intent { answer, ..wire.into_intent(details, &charge) })
    }

    /// What is kept of an answer. The charge of a decided attempt is optional, so a failure to read it is ignored.
    async fn answer(&self, wire: &WireIntent) -> GatewayAnswer {
        let is_decided = matches!(wire.status.as_str(), "succeeded" | "requires_capture" | "requires_payment_method");
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
    async fn details(&self, payment_method: Option<&MethodReference>) -> Option<CardDetails> {
        self.find_method(payment_method?.id()).await.ok()?.details()
    }

    async fn find(&self, intent: &str) -> Result<WireIntent, GatewayError> {
        Ok(self.call(Method::GET, &format!("payment_intents/{}", segment(intent)), &[], None).await?)
    }

    /// Confirms or cancels an intent, and returns its state: also where that state did not allow it, because a concurrent call
    /// was faster. Without an idempotency key, which would replay a failure for a day: an intent is charged once in any case.
    async fn act(&self, intent: &str, action: &str, form: Form<'_>) -> Result<Intent, GatewayError> {
        let path = format!("payment_intents/{}/{action}", segment(intent));
        match self.call::<WireIntent>(Method::POST, &path, form, None).await {
            Ok(wire) => self.read(wire).await,
            // The intent carries the decline, too; it is looked up so that its owner and currency are known.
            Err(Refusal::Declined(failure)) => {
                let found = self.look_up(intent).await?;
                let is_charged = matches!(found.state, IntentState::Succeeded { .. } | IntentState::Authorised { .. });
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

fn invalid_method(reason: &str) -> GatewayError {
    GatewayError::InvalidMethod(Failure::new(FailureCode::InvalidPaymentMethod, reason))
}

/// The error of a request whose path names a payment method or its token.
fn unknown_method(error: GatewayError) -> GatewayError {
    match error {
        GatewayError::NotFound(_) => GatewayError::InvalidMethod(not_accepted()),
        error => error,
    }
}

#[async_trait]
impl PaymentGateway for Stripe {
    async fn open(&self, charge: &Charge<'_>) -> Result<Intent, GatewayError> {
        let mut form = vec![
            ("amount", in_stripes_unit(charge.amount, charge.currency)?),
            ("currency", charge.currency.code().to_lowercase()),
            ("metadata[paymentId]", charge.payment.to_string()),
            ("metadata[orderId]", charge.order.to_string()),
            ("metadata[attempt]", charge.attempt.to_string()),
            ("expand[]", "payment_method".to_owned()),
        ];
        let (kind, source) = self.source_field(charge).await?;
        form.push(source);
        form.extend(charge.customer.map(|customer| ("customer", customer.to_owned())));
        // Other payment methods would need a mandate of the customer.
        if charge.saves_source && kind == CARD {
            form.push(("setup_future_usage", "off_session".to_owned()));
        }
        if charge.capture == CaptureMode::OnShipping {
            form.push(("capture_method", "manual".to_owned()));
            if kind == CARD {
                form.push(("payment_method_options[card][request_multicapture]", "if_available".to_owned()));
            }
        }
        form.push(("payment_method_types[]", kind));
        // With the customer, who may be another one after the first was deleted at Stripe.
        let key = format!("{}-{}-open{}", charge.payment, charge.attempt, charge.customer.unwrap_or_default());
        match self.call::<WireIntent>(Method::POST, "payment_intents", &form, Some(&key)).await {
            Ok(wire) => {
                let instrument = wire.payment_method.as_ref().and_then(MethodReference::instrument);
                if instrument.is_some_and(|instrument| !charge.method.accepts(instrument)) {
                    // The intent stays unconfirmed, so nothing is charged.
                    return Err(invalid_method(
                        "the card or account is of another kind than the chosen payment method",
                    ));
                }
                self.read(wire).await
            }
            Err(Refusal::Amount(failure)) => Err(GatewayError::InvalidMethod(failure)),
            Err(refusal) => Err(self.not_opened(refusal.into(), charge).await),
        }
    }

    async fn confirm(&self, intent: &str, return_url: Option<&str>) -> Result<Intent, GatewayError> {
        let form: Vec<_> = return_url.map(|url| ("return_url", url.to_owned())).into_iter().collect();
        self.act(intent, "confirm", &form).await
    }

    async fn look_up(&self, intent: &str) -> Result<Intent, GatewayError> {
        self.read(self.find(intent).await?).await
    }

    async fn capture(&self, intent: &str, capture: &CaptureRequest) -> Result<Intent, GatewayError> {
        let mut form = vec![
            ("amount_to_capture", in_stripes_unit(capture.amount, capture.currency)?),
            ("metadata[captureId]", capture.capture.to_string()),
        ];
        if !capture.is_final {
            form.push(("final_capture", "false".to_owned()));
        }
        // The attempt is in the key: Stripe replays a stored failure for a day.
        let key = format!("{}-{}-capture", capture.capture, capture.attempt);
        let path = format!("payment_intents/{}/capture", segment(intent));
        let wire = self.call::<WireIntent>(Method::POST, &path, &form, Some(&key)).await?;
        self.read(wire).await
    }

    async fn cancel(&self, intent: &str) -> Result<Intent, GatewayError> {
        let intent = self.act(intent, "cancel", &[]).await?;
        let is_partly_captured = matches!(
            intent.state,
            IntentState::Authorised { captured: Some(captured), .. } if captured > Money::ZERO
        );
        if !is_partly_captured {
            return Ok(intent);
        }
        // Stripe cancels no intent of which a part is captured: its rest is released by a final capture of nothing.
        let path = format!("payment_intents/{}/capture", segment(&intent.id));
        let form = [("amount_to_capture", "0".to_owned()), ("final_capture", "true".to_owned())];
        match self.call::<WireIntent>(Method::POST, &path, &form, None).await {
            Ok(wire) => self.read(wire).await,
            Err(Refusal::Error(GatewayError::Refused(_))) => self.look_up(&intent.id).await,
            Err(refusal) => Err(refusal.into()),
        }
    }

    async fn history(&self, intent: &str, currency: Currency) -> Result<History, GatewayError> {
        let wire = self.find(intent).await?;
        let Some(charge) = wire.latest_charge.as_ref().map(|charge| charge.id().to_owned()) else {
            return Ok(History::default());
        };
        let refunds: Vec<WireRefund> =
            self.all("refunds", ("payment_intent", intent), |refund: &WireRefund| &refund.id).await?;
        let charge: WireCharge = self.call(Method::GET, &format!("charges/{}", segment(&charge)), &[], None).await?;
        let disputes: Vec<WireDispute> = if charge.disputed {
            self.all("disputes", ("payment_intent", intent), |dispute: &WireDispute| &dispute.id).await?
        } else {
            Vec::new()
        };
        Ok(History {
            refunds: refunds.into_iter().filter_map(|refund| refund.read(currency)).collect(),
            disputes: disputes.into_iter().filter_map(|dispute| dispute.read(currency)).collect(),
        })
    }

    async fn list(&self, window: Window, after: Option<&str>) -> Result<Page, GatewayError> {
        const PATH: &str = "payment_intents";
        let mut form = vec![("expand[]", "data.latest_charge".to_owned()), ("limit", PAGE.to_owned())];
        form.extend(after.map(|after| ("starting_after", after.to_owned())));
        let in_window = [
            ("created[gte]", window.from.as_seconds().to_string()),
            ("created[lt]", window.until.as_seconds().to_string()),
        ];
        let page: WireList<WireIntent> =
            match self.call(Method::GET, PATH, &[&in_window[..], &form].concat(), None).await {
                // The local Stripe API lists everything or nothing.
                Err(Refusal::Error(GatewayError::Refused(_))) => self.call(Method::GET, PATH, &form, None).await?,
                answer => answer?,
            };
        let last = page.data.last().map(|intent| intent.id.clone());
        Ok(Page {
            next: last.filter(|_| page.has_more),
            charges: page.data.into_iter().filter(|intent| intent.is_in(window)).map(WireIntent::listed).collect(),
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

    async fn create_customer(&self, user: Id<User>, replaces: Option<&str>) -> Result<String, GatewayError> {
        // No name and no address: Stripe needs neither, and the parameters of a repeat have to be the same.
        let form = [("metadata[userId]", user.to_string())];
        let key = format!("{user}-customer{}", replaces.unwrap_or_default());
        let made: WireCustomer = self.call(Method::POST, "customers", &form, Some(&key)).await?;
        Ok(made.id)
    }

    async fn save_method(&self, customer: &str, source: &PaymentSource) -> Result<CardOnFile, GatewayError> {
        let id = self.payment_method(source).await.map_err(unknown_method)?;
        let found = self.find_method(&id).await.map_err(unknown_method)?;
        if !matches!(found.instrument(), Some(Instrument::Card(_))) {
            return Err(invalid_method("only cards can be saved"));
        }
        // Attaching is repeatable, so it has no idempotency key, which would replay a failure for a day.
        let path = format!("payment_methods/{}/attach", segment(&found.id));
        let form = [("customer", customer.to_owned())];
        let attached: Result<WireMethod, Refusal> = self.call(Method::POST, &path, &form, None).await;
        let attached = attached.map_err(|refusal| unknown_method(refusal.into()))?;
        attached.on_file().ok_or_else(|| GatewayError::Unknown("a card without its number's last digits".to_owned()))
    }

    async fn detach_method(&self, method: &PaymentSource) -> Result<(), GatewayError> {
        let path = format!("payment_methods/{}/detach", segment(method.expose()));
        match self.call::<WireMethod>(Method::POST, &path, &[], None).await {
            Ok(_) => Ok(()),
            Err(Refusal::Error(GatewayError::Refused(_) | GatewayError::NotFound(_)) | Refusal::Declined(_)) => Ok(()),
            Err(refusal) => Err(refusal.into()),
        }
    }
}
