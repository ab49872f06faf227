//! Saved payment methods: the list of a customer, and orders that are paid by one or save one.

use bson::{Document, doc};
use serde_json::{Value, json};
use shared::domain::{order::OrderStatus, payment::PaymentStatus};
use tests::{Person, Reply, StripeDouble, TestShop, at_once, cards, people::checkout_body, stripe_double::Failure};

use super::TOTAL;

const METHODS: &str = "/v1/payments/methods";

/// Ada, and a shop that charges at the double.
struct Wallet {
    shop: TestShop,
    stripe: StripeDouble,
    ada: Person,
    mug: String,
}

impl Wallet {
    async fn open() -> Self {
        let (shop, stripe) = TestShop::start_with_double().await;
        let mug = shop.stock("MUG-1", 10).await;
        let ada = shop.customer("ada").await;
        Self { shop, stripe, ada, mug }
    }

    /// Ada saves a card with this number. Answers its id.
    async fn saved(&self, number: &str) -> String {
        let token = self.stripe.card(number);
        self.ada.post("/v1/payments/methods", json!({"token": token})).await.is(201).id()
    }

    async fn list(&self) -> Vec<Value> {
        self.ada.get("/v1/payments/methods").await.is(200).json["items"].as_array().unwrap().clone()
    }

    /// Ada orders a mug and pays with this.
    async fn pay(&self, key: &str, payment: Value) -> Reply {
        self.ada.add_to_cart(&self.mug, 1).await.is(200);
        self.checkout(&self.ada, key, payment).await
    }

    async fn checkout(&self, person: &Person, key: &str, payment: Value) -> Reply {
        let mut body = checkout_body(cards::GOOD);
        body["payment"] = payment;
        person.checkout_with(key, body).await
    }

    /// Like [`Wallet::pay`]; every message is delivered. Answers the order.
    async fn paid(&self, key: &str, payment: Value) -> String {
        let order = self.pay(key, payment).await.is(201).id();
        self.shop.deliver_everything().await;
        order
    }

    async fn is_paid(&self, order: &str) {
        let payment = self.shop.payment_of(order).await;
        let status = self.shop.find_order(order).await.status;
        assert_eq!((status, payment.status), (OrderStatus::Processing, PaymentStatus::Completed));
        assert_eq!(self.stripe.moved(payment.id).charged, [TOTAL]);
    }

    /// Requests of this method and path that the gateway executed.
    fn executed(&self, method: &str, path: &str) -> usize {
        let is_meant = |received: &tests::stripe_double::Received| {
            (received.method.as_str(), received.status, received.replayed) == (method, 200, false)
                && received.path.ends_with(path)
        };
        self.stripe.received().iter().filter(|received| is_meant(received)).count()
    }
}

#[tokio::test]
async fn saved_cards_are_listed_and_one_is_the_default() {
    let wallet = Wallet::open().await;
    let token = wallet.stripe.card("4242424242424242");
    let saved = wallet.ada.post("/v1/payments/methods", json!({"token": token})).await;
    let first = saved.is(201).id();
    assert_eq!(saved.header("location"), Some(format!("{METHODS}/{first}").as_str()));
    let expected = json!({
        "id": first, "brand": "visa", "last4": "4242", "expiryMonth": "12", "expiryYear": "2034", "isDefault": true,
    });
    assert_eq!(saved.json, expected);
    let second = wallet.saved("5555555555554444").await;
    let defaults = async || {
        let list = wallet.list().await;
        list.iter().map(|one| (one["id"].as_str().unwrap().to_owned(), one["isDefault"] == true)).collect::<Vec<_>>()
    };
    assert_eq!(defaults().await, [(second.clone(), false), (first.clone(), true)]);
    let changed = wallet.ada.patch(&format!("{METHODS}/{second}"), json!({"isDefault": true})).await;
    assert_eq!(changed.is(200).json["isDefault"], true);
    assert_eq!(defaults().await, [(second.clone(), true), (first.clone(), false)]);
    wallet.ada.patch(&format!("{METHODS}/{second}"), json!({"isDefault": false})).await.is(200);
    assert_eq!(defaults().await, [(second, false), (first, false)]);
}

#[tokio::test]
async fn a_charged_card_that_the_gateway_refuses_to_keep_is_not_saved() {
    let wallet = Wallet::open().await;
    let token = wallet.stripe.card("4242424242424242");
    wallet.stripe.fail_next("POST", "/v1/payment_methods/*/attach", Failure::Status(400));
    let order = wallet.paid("order", json!({"method": "credit_card", "token": token, "saveMethod": true})).await;
    wallet.is_paid(&order).await;
    let payment = wallet.shop.payment_of(&order).await;
    assert_eq!((payment.save_method, payment.saved_method), (false, None));
    assert_eq!(wallet.list().await, [json!(null); 0]);
}

#[tokio::test]
async fn the_same_token_is_saved_once() {
    let wallet = Wallet::open().await;
    let token = wallet.stripe.card("4242424242424242");
    let replies = at_once((0..4).map(|_| {
        let (ada, token) = (wallet.ada.clone(), token.clone());
        async move { ada.post("/v1/payments/methods", json!({"token": token})).await.is(201).id() }
    }))
    .await;
    assert!(replies.iter().all(|id| *id == replies[0]), "{replies:?}");
    assert_eq!(wallet.list().await.len(), 1);
}

#[tokio::test]
async fn a_user_is_one_customer_at_the_gateway() {
    let wallet = Wallet::open().await;
    let tokens = ["4242424242424242", "5555555555554444"].map(|number| wallet.stripe.card(number));
    at_once(tokens.map(|token| {
        let ada = wallet.ada.clone();
        async move { ada.post("/v1/payments/methods", json!({"token": token})).await.is(201).id() }
    }))
    .await;
    wallet.saved("378282246310005").await;
    assert_eq!(wallet.executed("POST", "/v1/customers"), 1);
    assert_eq!(wallet.list().await.len(), 3);
}

#[tokio::test]
async fn saved_methods_of_others_do_not_exist() {
    let wallet = Wallet::open().await;
    let saved = wallet.saved("4242424242424242").await;
    let eve = wallet.shop.customer("eve").await;
    let path = format!("{METHODS}/{saved}");
    eve.patch(&path, json!({"isDefault": true})).await.is_problem(404, "not_found");
    eve.delete(&path).await.is_problem(404, "not_found");
    assert_eq!(eve.get("/v1/payments/methods").await.is(200).json["items"], json!([]));
    eve.add_to_cart(&wallet.mug, 1).await.is(200);
    let payment = json!({"method": "credit_card", "savedMethodId": saved});
    let refused = wallet.checkout(&eve, "order", payment).await;
    let pointer = &refused.is_problem(422, "unknown_reference").json["errors"][0]["pointer"];
    assert_eq!(pointer, "/payment/savedMethodId");
    assert_eq!(wallet.list().await.len(), 1);
}

#[tokio::test]
async fn a_customer_saves_a_limited_number_of_cards() {
    let wallet = Wallet::open().await;
    for _ in 0..20 {
        wallet.saved("4242424242424242").await;
    }
    let token = wallet.stripe.card("4242424242424242");
    wallet.ada.post("/v1/payments/methods", json!({"token": token})).await.is_problem(409, "conflict");
    assert_eq!(wallet.executed("POST", "/attach"), 20);

    // The card of a charge is attached already, so it is detached.
    let payment = json!({"method": "credit_card", "token": token, "saveMethod": true});
    let order = wallet.paid("order", payment).await;
    wallet.is_paid(&order).await;
    assert_eq!((wallet.executed("POST", "/detach"), wallet.shop.count("paymentMethods").await), (1, 20));
}

#[tokio::test]
async fn a_deleted_card_is_detached_though_an_answer_is_lost() {
    let wallet = Wallet::open().await;
    let (kept, saved) = (wallet.saved("5555555555554444").await, wallet.saved("4242424242424242").await);
    wallet.ada.delete(&format!("{METHODS}/{saved}")).await.is(204);
    wallet.ada.delete(&format!("{METHODS}/{saved}")).await.is_problem(404, "not_found");
    let list = wallet.list().await;
    assert_eq!(list.iter().map(|one| &one["id"]).collect::<Vec<_>>(), [&json!(kept)]);
    let refused = wallet.pay("order", json!({"method": "credit_card", "savedMethodId": saved})).await;
    refused.is_problem(422, "unknown_reference");
    wallet.stripe.fail_next("POST", "/v1/payment_methods/*/detach", Failure::AnswerLost);
    wallet.shop.deliver_everything().await;
    assert_eq!((wallet.executed("POST", "/detach"), wallet.shop.count("paymentMethods").await), (1, 1));
}

#[tokio::test]
async fn a_card_that_stays_attached_is_detached_by_maintenance() {
    let wallet = Wallet::open().await;
    let saved = wallet.saved("4242424242424242").await;
    wallet.ada.delete(&format!("{METHODS}/{saved}")).await.is(204);
    // The first message ends in the dead-letter queue.
    wallet.shop.store().database().collection::<Document>("outbox").delete_many(doc! {}).await.unwrap();
    wallet.shop.clock.advance(std::time::Duration::from_secs(11 * 60));
    assert_eq!(wallet.shop.run_maintenance().await.resumed, 1);
    assert_eq!(wallet.shop.run_maintenance().await.resumed, 0);
    wallet.shop.deliver_everything().await;
    assert_eq!(wallet.shop.count("paymentMethods").await, 0);
}

#[tokio::test]
async fn card_data_is_refused_in_place_of_a_token() {
    let wallet = Wallet::open().await;
    for body in [
        json!({"token": "4242424242424242"}),
        json!({"token": "pm_card_visa", "cvc": "123"}),
        json!({"token": "pm_card_visa", "card": {"number": "4242 4242 4242 4242"}}),
    ] {
        wallet.ada.post("/v1/payments/methods", body).await.is_problem(422, "raw_card_data_refused");
    }
    assert_eq!((wallet.stripe.received().len(), wallet.shop.count("paymentMethods").await), (0, 0));
}

#[tokio::test]
async fn a_token_that_the_gateway_does_not_keep_is_refused() {
    let wallet = Wallet::open().await;
    let declined = wallet.stripe.card("4000000000009995");
    for (token, code) in [
        (declined, "insufficient_funds"),
        (wallet.stripe.method("paypal"), "invalid_payment_method"),
        ("pm_unknown".to_owned(), "invalid_payment_method"),
    ] {
        let refused = wallet.ada.post("/v1/payments/methods", json!({"token": token})).await;
        let problem = &refused.is_problem(422, "payment_method_refused").json;
        assert_eq!((&problem["failureCode"], &problem["errors"][0]["pointer"]), (&json!(code), &json!("/token")));
    }
    assert_eq!(wallet.shop.count("paymentMethods").await, 0);
}

#[tokio::test]
async fn saving_can_be_repeated_when_the_gateway_did_not_answer() {
    let wallet = Wallet::open().await;
    let token = wallet.stripe.card("4242424242424242");
    for (path, failure) in [
        ("/v1/customers", Failure::RequestLost),
        ("/v1/customers", Failure::AnswerLost),
        ("/v1/payment_methods/*/attach", Failure::AnswerLost),
        ("/v1/payment_methods/*/attach", Failure::Status(503)),
    ] {
        wallet.stripe.fail_next("POST", path, failure);
        let reply = wallet.ada.post("/v1/payments/methods", json!({"token": token})).await;
        assert!(reply.is_problem(503, "unavailable").header("retry-after").is_some(), "{path}");
    }
    wallet.ada.post("/v1/payments/methods", json!({"token": token})).await.is(201);
    assert_eq!((wallet.list().await.len(), wallet.executed("POST", "/v1/customers")), (1, 1));
}

#[tokio::test]
async fn an_order_is_paid_by_a_saved_card() {
    let wallet = Wallet::open().await;
    let saved = wallet.saved("4242424242424242").await;
    for key in ["first", "second"] {
        let order = wallet.paid(key, json!({"method": "credit_card", "savedMethodId": saved})).await;
        wallet.is_paid(&order).await;
        let payment = wallet.shop.payment_of(&order).await;
        assert_eq!(payment.saved_method.map(|id| id.to_string()), Some(saved.clone()));
        assert!(wallet.stripe.intents_of(payment.id)[0]["customer"].is_string());
    }
    wallet.shop.verify().await;
}

#[tokio::test]
async fn a_saved_card_authenticates_where_the_gateway_asks() {
    let wallet = Wallet::open().await;
    let saved = wallet.saved("4000002760003184").await;
    let order = wallet.paid("order", json!({"method": "credit_card", "savedMethodId": saved})).await;
    let payment = wallet.shop.payment_of(&order).await;
    assert!(payment.action_required);
    wallet.stripe.complete_action(payment.transaction_id.as_deref().unwrap(), true);
    let path = format!("/v1/payments/{}/confirm", payment.id);
    wallet.ada.request("POST", &path).key("authenticated").json(json!({})).send().await.is(200);
    wallet.shop.deliver_everything().await;
    wallet.is_paid(&order).await;
}

#[tokio::test]
async fn a_saved_card_that_cannot_pay_the_order_is_refused_at_checkout() {
    let wallet = Wallet::open().await;
    let saved = wallet.saved("4242424242424242").await;
    let refusal = async |payment: Value, code: &str| {
        let refused = wallet.pay("order", payment).await;
        refused.is_problem(422, code).json["errors"][0]["pointer"].as_str().unwrap().to_owned()
    };
    let at = "/payment/savedMethodId";
    for method in ["paypal", "debit_card", "bank_transfer"] {
        let payment = json!({"method": method, "savedMethodId": saved});
        assert_eq!(refusal(payment, "payment_method_mismatch").await, at, "{method}");
    }
    let both = json!({"method": "credit_card", "savedMethodId": saved, "token": cards::GOOD});
    assert_eq!(refusal(both, "validation_failed").await, at);
    let methods = wallet.shop.store().database().collection::<Document>("paymentMethods");
    methods.update_many(doc! {}, doc! {"$set": {"expiryYear": 2020_i64}}).await.unwrap();
    let expired = json!({"method": "credit_card", "savedMethodId": saved});
    assert_eq!(refusal(expired, "payment_method_expired").await, at);
    assert_eq!((wallet.shop.count("orders").await, wallet.shop.stock_of("MUG-1").await.reserved), (0, 0));
}

#[tokio::test]
async fn a_card_is_saved_once_after_it_was_charged() {
    let wallet = Wallet::open().await;
    let token = wallet.stripe.card("4242424242424242");
    let payment = json!({"method": "credit_card", "token": token, "saveMethod": true});
    let order = wallet.pay("order", payment).await.is(201).id();
    assert_eq!(wallet.list().await, Vec::<Value>::new());
    wallet.stripe.fail_next("POST", "/v1/payment_methods/*/attach", Failure::AnswerLost);
    wallet.shop.deliver_everything().await;
    wallet.is_paid(&order).await;
    let list = wallet.list().await;
    assert_eq!((list.len(), &list[0]["last4"]), (1, &json!("4242")));
    let saved = list[0]["id"].as_str().unwrap();
    let again =
        wallet.paid("again", json!({"method": "credit_card", "savedMethodId": saved, "saveMethod": true})).await;
    wallet.is_paid(&again).await;
    assert_eq!(wallet.list().await.len(), 1);

    // A repeated message saves it neither again nor after it was deleted.
    let processed = wallet.shop.store().database().collection::<Document>("processedMessages");
    let requested = wallet.shop.enqueued("payment.saveMethodRequested").await;
    assert_eq!(requested.len(), 1);
    for left in [1, 0] {
        processed.delete_many(doc! {}).await.unwrap();
        assert!(wallet.shop.deliver(&requested).await.is_empty());
        assert_eq!(wallet.shop.count("paymentMethods").await, left);
        let _ = wallet.ada.delete(&format!("{METHODS}/{saved}")).await;
        wallet.shop.deliver(&wallet.shop.enqueued("payment.detachMethodRequested").await).await;
    }
}

#[tokio::test]
async fn a_declined_card_is_not_saved_and_the_one_that_pays_is() {
    let wallet = Wallet::open().await;
    let declined = wallet.stripe.card("4000000000000341");
    let payment = json!({"method": "credit_card", "token": declined, "saveMethod": true});
    let order = wallet.paid("order", payment).await;
    assert_eq!(wallet.shop.payment_of(&order).await.status, PaymentStatus::Failed);
    assert_eq!(wallet.list().await, Vec::<Value>::new());
    let path = format!("/v1/payments/{}/confirm", wallet.shop.payment_of(&order).await.id);
    let token = wallet.stripe.card("5555555555554444");
    wallet.ada.request("POST", &path).key("another").json(json!({"token": token})).send().await.is(200);
    wallet.shop.deliver_everything().await;
    wallet.is_paid(&order).await;
    let list = wallet.list().await;
    assert_eq!((list.len(), &list[0]["brand"]), (1, &json!("mastercard")));
}

#[tokio::test]
async fn only_cards_of_customers_are_saved() {
    let wallet = Wallet::open().await;
    for method in ["paypal", "bank_transfer"] {
        let refused = wallet.pay("order", json!({"method": method, "saveMethod": true})).await;
        let pointer = &refused.is_problem(422, "validation_failed").json["errors"][0]["pointer"];
        assert_eq!(pointer, "/payment/saveMethod", "{method}");
    }
    let cart = wallet.shop.post("/v1/cart/items", json!({"productId": wallet.mug, "quantity": 1})).await;
    let token = cart.is(200).json["cartToken"].as_str().unwrap().to_owned();
    let mut body = checkout_body(cards::GOOD);
    body["email"] = json!("guest@example.test");
    body["payment"]["saveMethod"] = json!(true);
    let refused = wallet.shop.request("POST", "/v1/checkout").cart(&token).key("guest").json(body).send().await;
    let pointer = &refused.is_problem(422, "validation_failed").json["errors"][0]["pointer"];
    assert_eq!(pointer, "/payment/saveMethod");
}

#[tokio::test]
async fn a_declined_payment_is_paid_by_a_saved_card() {
    let wallet = Wallet::open().await;
    let saved = wallet.saved("4242424242424242").await;
    let payment = json!({"method": "credit_card", "token": cards::DECLINED, "saveMethod": true});
    let order = wallet.paid("order", payment).await;
    let path = format!("/v1/payments/{}/confirm", wallet.shop.payment_of(&order).await.id);
    let confirm = async |key: &str, body: Value| wallet.ada.request("POST", &path).key(key).json(body).send().await;
    let both = confirm("both", json!({"savedMethodId": saved, "token": cards::GOOD})).await;
    assert_eq!(both.is_problem(422, "validation_failed").json["errors"][0]["pointer"], "/savedMethodId");
    let unknown = confirm("unknown", json!({"savedMethodId": "507f1f77bcf86cd799439011"})).await;
    assert_eq!(unknown.is_problem(422, "unknown_reference").json["errors"][0]["pointer"], "/savedMethodId");
    confirm("saved", json!({"savedMethodId": saved})).await.is(200);
    wallet.shop.deliver_everything().await;
    wallet.is_paid(&order).await;
    assert_eq!(wallet.list().await.len(), 1, "it is not saved again");
    wallet.shop.verify().await;
}
