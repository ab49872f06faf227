//! The double of Stripe: the rules of Stripe's documentation that the shop's tests rely on, and a shop that charges at it.

mod api;
mod idempotency;
mod money;
mod shop;

use serde_json::Value;
use shared::domain::Clock;
use tests::StripeDouble;

/// A double and a client without any knowledge of Stripe.
struct Api {
    stripe: StripeDouble,
    clock: Clock,
    http: reqwest::Client,
}

/// An answer: its status, whether it is a replay, and its body.
#[derive(Clone, Debug, PartialEq)]
struct Answer {
    status: u16,
    replayed: bool,
    json: Value,
}

impl Answer {
    #[track_caller]
    fn ok(&self) -> &Value {
        assert_eq!(self.status, 200, "{}", self.json);
        &self.json
    }

    /// Fails the test unless this is an error with this status, type and code.
    #[track_caller]
    fn is_error(&self, status: u16, kind: &str, code: &str) -> &Value {
        let error = &self.json["error"];
        let found =
            (self.status, error["type"].as_str().unwrap_or_default(), error["code"].as_str().unwrap_or_default());
        assert_eq!(found, (status, kind, code), "{}", self.json);
        assert!(error["message"].is_string());
        error
    }

    /// Fails the test unless the request is invalid with this code.
    #[track_caller]
    fn is_invalid(&self, code: &str) -> &Value {
        self.is_error(400, "invalid_request_error", code)
    }

    #[track_caller]
    fn id(&self) -> String {
        self.ok()["id"].as_str().unwrap().to_owned()
    }
}

impl Api {
    async fn start() -> Self {
        let clock = Clock::shiftable();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { stripe: StripeDouble::start(clock.clone()).await, clock, http }
    }

    /// The answer; an error if the connection ended before.
    async fn try_post(&self, path: &str, key: Option<&str>, form: &[(&str, &str)]) -> Result<Answer, reqwest::Error> {
        let mut request = self.http.post(format!("{}/v1/{path}", self.stripe.base())).form(form);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        read(request.bearer_auth(StripeDouble::SECRET_KEY).send().await?).await
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.try_post(path, None, form).await.unwrap()
    }

    async fn post_with(&self, key: &str, path: &str, form: &[(&str, &str)]) -> Answer {
        self.try_post(path, Some(key), form).await.unwrap()
    }

    async fn get(&self, path: &str) -> Answer {
        let request = self.http.get(format!("{}/v1/{path}", self.stripe.base())).bearer_auth(StripeDouble::SECRET_KEY);
        read(request.send().await.unwrap()).await.unwrap()
    }

    /// Opens an intent of 10.00 USD with a payment method, and more.
    async fn open(&self, method: &str, more: &[(&str, &str)]) -> String {
        let mut form = vec![
            ("amount", "1000"),
            ("currency", "usd"),
            ("payment_method", method),
            ("payment_method_types[]", "card"),
        ];
        form.extend(more);
        self.post("payment_intents", &form).await.id()
    }

    async fn confirm(&self, intent: &str) -> Answer {
        self.post(&format!("payment_intents/{intent}/confirm"), &[]).await
    }

    /// Charges 10.00 USD. Answers the intent.
    async fn charged(&self) -> String {
        let intent = self.open("pm_card_visa", &[]).await;
        self.confirm(&intent).await.ok();
        intent
    }

    async fn refund(&self, intent: &str, amount: i64) -> Answer {
        self.post("refunds", &[("payment_intent", intent), ("amount", &amount.to_string())]).await
    }

    async fn charge_of(&self, intent: &str) -> Value {
        self.get(&format!("payment_intents/{intent}?expand[]=latest_charge")).await.ok()["latest_charge"].clone()
    }
}

async fn read(response: reqwest::Response) -> Result<Answer, reqwest::Error> {
    let (status, replayed) = (response.status().as_u16(), response.headers().contains_key("idempotent-replayed"));
    Ok(Answer { status, replayed, json: response.json().await? })
}
