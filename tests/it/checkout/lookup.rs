//! What a guest finds out about an order, and strangers do not.

use std::time::Duration;

use axum::{body::Body, http::Request};
use serde_json::{Value, json};
use shared::http::ClientAddress;
use tests::{
    TestShop,
    people::{cards, checkout_body},
};
use tower::ServiceExt;

use super::{deliver, guest_checkout, guest_with};

const EMAIL: &str = "guest+shop@example.test";
const EMAIL_IN_QUERY: &str = "Guest%2Bshop@example.test";

/// A guest's order: its id and number.
async fn order_of_guest(shop: &TestShop) -> (String, String) {
    let mug = shop.stock("MUG-1", 5).await;
    let token = guest_with(shop, &mug, 2, None).await;
    let placed = guest_checkout(shop, &token, EMAIL, checkout_body(cards::GOOD)).await;
    (placed.is(201).id(), placed.json["orderNumber"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_guest_looks_up_an_order_by_number_and_email() {
    let shop = TestShop::start().await;
    let (id, number) = order_of_guest(&shop).await;
    shop.run_queues().await;
    deliver(&shop, &id).await;
    let path = format!("/v1/orders/lookup?orderNumber={}&email={EMAIL_IN_QUERY}", number.to_lowercase());
    let found = shop.get(&path).await.is(200).json.clone();
    assert_eq!(found["orderNumber"], number);
    assert_eq!(found["status"], "delivered");
    assert_eq!(found["items"], json!([{"name": "Product MUG-1", "variant": null, "quantity": 2}]));
    assert_eq!(found["tracking"]["trackingNumber"], "JD014600003817");
    assert_eq!(found["shipments"], json!([found["tracking"]]));
    let states: Vec<&Value> = found["timeline"].as_array().unwrap().iter().map(|entry| &entry["status"]).collect();
    assert_eq!(states, ["pending", "confirmed", "processing", "shipped", "delivered"]);
    // Neither where it went, nor what it cost, nor what was remarked.
    let members: Vec<&String> = found.as_object().unwrap().keys().collect();
    assert_eq!(members, ["orderNumber", "status", "items", "tracking", "shipments", "timeline", "createdAt"]);
    assert_eq!(found["timeline"][0].as_object().unwrap().len(), 2);
}

#[tokio::test]
async fn a_wrong_pair_is_indistinguishable_from_an_unknown_one() {
    let shop = TestShop::start().await;
    let (_, number) = order_of_guest(&shop).await;
    let mut refusals = Vec::new();
    for (number, email) in [
        (number.as_str(), "other@example.test"),
        ("ORD-20260101-AAAAA", EMAIL_IN_QUERY),
        ("ORD-20260101-AAAAA", "other@example.test"),
        ("%7B%22$gt%22:%22%22%7D", EMAIL_IN_QUERY),
    ] {
        let reply = shop.get(&format!("/v1/orders/lookup?orderNumber={number}&email={email}")).await;
        let mut refusal = reply.is_problem(404, "not_found").json.clone();
        refusal["requestId"] = Value::Null;
        refusals.push(refusal);
    }
    assert!(refusals.windows(2).all(|pair| pair[0] == pair[1]), "{refusals:?}");
    for (query, pointer) in [
        ("", "/orderNumber"),
        ("orderNumber=ORD-20260101-AAAAA", "/email"),
        ("orderNumber=ORD-20260101-AAAAA&email=nonsense", "/email"),
        ("email=a@example.test", "/orderNumber"),
    ] {
        let refused = shop.get(&format!("/v1/orders/lookup?{query}")).await;
        assert_eq!(refused.is_problem(422, "invalid_query").json["errors"][0]["pointer"], pointer, "{query}");
    }
}

#[tokio::test]
async fn an_order_of_an_account_cannot_be_looked_up_by_email() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 5).await;
    let ada = shop.customer("ada").await;
    let placed = ada.order(&mug, 1).await;
    let number = placed.is(201).json["orderNumber"].as_str().unwrap();
    let path = format!("/v1/orders/lookup?orderNumber={number}&email={}", ada.email);
    shop.get(&path).await.is_problem(404, "not_found");
    ada.get(&path).await.is_problem(404, "not_found");
    ada.get(&format!("/v1/orders/{number}")).await.is(200);
}

#[tokio::test]
async fn failed_lookups_are_throttled() {
    let shop = TestShop::start().await;
    let (_, number) = order_of_guest(&shop).await;
    let ask = async |from: &str, number: &str| {
        let path = format!("/v1/orders/lookup?orderNumber={number}&email={EMAIL_IN_QUERY}");
        let mut request = Request::get(path).body(Body::empty()).unwrap();
        request.extensions_mut().insert(ClientAddress(from.parse().unwrap()));
        let reply = shop.router().oneshot(request).await.unwrap();
        let wait = reply.headers().get("retry-after").map(|value| value.to_str().unwrap().parse::<u64>().unwrap());
        (reply.status().as_u16(), wait)
    };
    for _ in 0..30 {
        assert_eq!(ask("192.0.2.1", "ORD-20260101-AAAAA").await, (404, None));
    }
    // Now even the right pair waits, from there.
    let (status, wait) = ask("192.0.2.1", &number).await;
    let wait = wait.unwrap();
    assert!(status == 429 && (1..=5).contains(&wait), "{status} {wait}");
    assert_eq!(ask("192.0.2.2", &number).await, (200, None));
    shop.clock.advance(Duration::from_secs(wait));
    assert_eq!(ask("192.0.2.1", &number).await, (200, None));
    let (status, longer) = ask("192.0.2.1", &number).await;
    assert!(status == 429 && longer.unwrap() > 5, "{status} {longer:?}");
    shop.clock.advance(Duration::from_secs(15 * 60));
    assert_eq!(ask("192.0.2.1", &number).await, (200, None));
}
