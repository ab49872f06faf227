//! The payments as the Stripe API reports them, independent of what the shop has recorded.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::domain::Id;

const SECRET_KEY: &str = "sk_test_local_shop";

/// The number of a card that requires 3-D Secure.
pub const NEEDS_AUTHENTICATION: &str = "4000002500003155";

/// The Stripe API of the tests. All tests share it, so this client reads only payments and charges after its creation.
#[derive(Clone, Debug)]
pub struct StripeApi {
    base: String,
    http: reqwest::Client,
    since_intent: String,
    since_charge: String,
}

/// The charges and refunds of a payment.
#[derive(Clone, Debug, Default)]
pub struct Moved {
    /// Each charge that succeeded.
    pub charged: Vec<i64>,
    /// The sum of the refunds.
    pub refunded: i64,
}

impl StripeApi {
    /// A client that reads only payments and charges after this call.
    pub async fn watch(base: &str) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut api = Self { base: base.to_owned(), http, since_intent: String::new(), since_charge: String::new() };
        let amount = ("amount", "1");
        let intent = api.post("payment_intents", &[amount, ("currency", "usd")]).await;
        let charge = api.post("charges", &[amount, ("currency", "usd"), ("source", "pm_card_visa")]).await;
        api.since_intent = text(&intent["id"]);
        api.since_charge = text(&charge["id"]);
        api
    }

    /// A new payment method of a card with this number.
    pub async fn card(&self, number: &str) -> String {
        let form = [
            ("type", "card"),
            ("card[number]", number),
            ("card[exp_month]", "12"),
            ("card[exp_year]", "2034"),
            ("card[cvc]", "123"),
        ];
        text(&self.post("payment_methods", &form).await["id"])
    }

    /// Completes or fails 3-D Secure, as the customer does in the gateway's form.
    pub async fn authenticate(&self, client_secret: &str, success: bool) -> Value {
        let intent = client_secret.split_once("_secret_").unwrap().0;
        let form = [("client_secret", client_secret), ("success", if success { "true" } else { "false" })];
        self.post(&format!("payment_intents/{intent}/_authenticate"), &form).await
    }

    /// The intents that were opened for a payment.
    pub async fn intents_of<T>(&self, payment: Id<T>) -> Vec<Value> {
        let all = self.list("payment_intents", &self.since_intent).await;
        all.into_iter().filter(|intent| intent["metadata"]["paymentId"] == json!(payment.to_string())).collect()
    }

    /// The amounts that were charged for a payment.
    pub async fn charges_of<T>(&self, payment: Id<T>) -> Vec<i64> {
        self.charges().await.remove(&payment.to_string()).unwrap_or_default()
    }

    /// The amounts that were charged, by the payment's id.
    pub async fn charges(&self) -> BTreeMap<String, Vec<i64>> {
        let intents = self.list("payment_intents", &self.since_intent).await;
        let payment =
            |intent: &Value| Some((text(&intent["id"]), intent["metadata"]["paymentId"].as_str()?.to_owned()));
        let payments: BTreeMap<String, String> = intents.iter().filter_map(payment).collect();
        let mut charges: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        for charge in self.list("charges", &self.since_charge).await {
            let payment = charge["payment_intent"].as_str().and_then(|intent| payments.get(intent));
            if let Some(payment) = payment.filter(|_| charge["status"] == "succeeded") {
                charges.entry(payment.clone()).or_default().push(charge["amount"].as_i64().unwrap());
            }
        }
        charges
    }

    /// The amounts that were refunded for a payment.
    pub async fn refunds_of<T>(&self, payment: Id<T>) -> Vec<i64> {
        let mut refunds = Vec::new();
        for intent in self.intents_of(payment).await {
            // The server cannot list the refunds of an intent without a charge.
            if !intent["latest_charge"].is_null() {
                let found = self.get("refunds", &[("payment_intent", &text(&intent["id"])), ("limit", "1000")]).await;
                refunds
                    .extend(found["data"].as_array().unwrap().iter().map(|refund| refund["amount"].as_i64().unwrap()));
            }
        }
        refunds
    }

    /// The charges and refunds of every payment that an intent was opened for.
    pub async fn money(&self) -> BTreeMap<String, Moved> {
        let mut payments = BTreeMap::<String, Moved>::new();
        let mut of_intent = BTreeMap::new();
        for intent in self.list("payment_intents", &self.since_intent).await {
            if let Some(payment) = intent["metadata"]["paymentId"].as_str() {
                of_intent.insert(text(&intent["id"]), payment.to_owned());
                payments.entry(payment.to_owned()).or_default();
            }
        }
        for charge in self.list("charges", &self.since_charge).await {
            let payment = charge["payment_intent"].as_str().and_then(|intent| of_intent.get(intent));
            if let Some(moved) = payment.and_then(|payment| payments.get_mut(payment))
                && charge["status"] == "succeeded"
            {
                moved.charged.push(charge["amount"].as_i64().unwrap());
                moved.refunded += charge["amount_refunded"].as_i64().unwrap();
            }
        }
        payments
    }

    /// How many charges of this amount succeeded.
    pub async fn count_charges(&self, amount: i64) -> usize {
        let charges = self.list("charges", &self.since_charge).await;
        charges.iter().filter(|charge| charge["status"] == "succeeded" && charge["amount"] == amount).count()
    }

    /// An intent, as its webhooks would carry it.
    pub async fn intent(&self, id: &str) -> Value {
        self.get(&format!("payment_intents/{id}"), &[]).await
    }

    async fn list(&self, what: &str, since: &str) -> Vec<Value> {
        let list = self.get(what, &[("starting_after", since), ("limit", "1000000")]).await;
        list["data"].as_array().unwrap().clone()
    }

    async fn get(&self, path: &str, query: &[(&str, &str)]) -> Value {
        let request = self.http.get(format!("{}/v1/{path}", self.base)).query(query);
        answer(request).await
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Value {
        let request = self.http.post(format!("{}/v1/{path}", self.base)).form(form);
        answer(request).await
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Value {
    let response = request.bearer_auth(SECRET_KEY).send().await.unwrap();
    let status = response.status();
    let body = response.text().await.unwrap();
    assert!(status.is_success(), "the Stripe API answers {status}: {body}");
    serde_json::from_str(&body).unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
