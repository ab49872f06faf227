//! The checkout function: orders, returns, coupons, reports and settings.

mod coupons;
mod currencies;
mod lookup;
mod orders;
mod payment_settings;
mod place;
mod redemptions;
mod refunded_amounts;
mod rejected_returns;
mod reports;
mod returns;
mod returns_list;
mod settings;
mod shipments;
mod subdivisions;

use serde_json::{Value, json};
use shared::domain::coupon::Coupon;
use tests::{
    Person, Reply, TestShop,
    people::{address, cards, checkout_body},
};

/// Makes a coupon with these fields beside the usual ones (10 %) and answers its id.
async fn coupon(admin: &Person, code: &str, fields: Value) -> String {
    let mut body = json!({"code": code, "type": "percentage", "value": 10});
    body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    admin.post("/v1/coupons", body).await.is(201).id()
}

/// The stored coupon of this code.
async fn stored(shop: &TestShop, code: &str) -> Coupon {
    shop.store().coupons.find_by_code(code).await.unwrap().unwrap()
}

/// Puts units into the cart, and a coupon upon them.
async fn fill_cart(customer: &Person, product: &str, quantity: i64, code: Option<&str>) {
    customer.add_to_cart(product, quantity).await.is(200);
    if let Some(code) = code {
        customer.put("/v1/cart/coupon", json!({"code": code})).await.is(200);
    }
}

/// A checkout that waits for a transfer: the order stays unpaid.
fn by_transfer() -> Value {
    let mut body = checkout_body(cards::GOOD);
    body["payment"] = json!({"method": "bank_transfer"});
    body
}

/// A guest with units in a cart: the cart's token.
async fn guest_with(shop: &TestShop, product: &str, quantity: i64, code: Option<&str>) -> String {
    let added = shop.post("/v1/cart/items", json!({"productId": product, "quantity": quantity})).await;
    let token = added.is(200).json["cartToken"].as_str().unwrap().to_owned();
    if let Some(code) = code {
        shop.request("PUT", "/v1/cart/coupon").cart(&token).json(json!({"code": code})).send().await.is(200);
    }
    token
}

/// A guest checks out.
async fn guest_checkout(shop: &TestShop, token: &str, email: &str, mut body: Value) -> Reply {
    body["email"] = json!(email);
    shop.request("POST", "/v1/checkout").cart(token).key(&format!("guest-{token:.20}")).json(body).send().await
}

/// Ships and delivers a paid order.
async fn deliver(shop: &TestShop, order: &str) {
    let admin = shop.admin("dispatcher").await;
    let tracking = json!({"carrier": "DHL", "trackingNumber": "JD014600003817"});
    admin.post(&format!("/v1/orders/{order}/ship"), tracking).await.is(200);
    admin.post(&format!("/v1/orders/{order}/deliver"), json!({})).await.is(200);
}

/// An order with lines of two sellers: two mugs of Grace's for 1000 each, and a spade of Eve's for 700.
struct TwoSellers {
    grace: Person,
    eve: Person,
    ada: Person,
    admin: Person,
    order: String,
}

/// Ada's order with lines of two sellers, paid and being picked.
async fn two_sellers(shop: &TestShop) -> TwoSellers {
    let (grace, eve) = (shop.seller("grace").await, shop.seller("eve").await);
    let (ada, admin) = (shop.customer("ada").await, shop.admin("root").await);
    let mug = shop.product_of(&grace, "MUG-1", json!({})).await;
    let spade = shop.product_of(&eve, "SPADE-1", json!({"price": {"regular": 700}})).await;
    fill_cart(&ada, &mug, 2, None).await;
    fill_cart(&ada, &spade, 1, None).await;
    let order = ada.checkout("both").await.is(201).id();
    shop.run_queues().await;
    TwoSellers { grace, eve, ada, admin, order }
}

/// Fails the test unless only administrators may send these requests.
async fn is_for_admins_only(shop: &TestShop, requests: &[(&str, &str, Value)]) {
    let (ada, grace) = (shop.customer("ada").await, shop.seller("grace").await);
    for (method, path, body) in requests {
        let with_body = |request: tests::Request| if body.is_null() { request } else { request.json(body.clone()) };
        with_body(shop.request(method, path)).send().await.is_problem(401, "not_authenticated");
        for person in [&ada, &grace] {
            with_body(person.request(method, path)).send().await.is_problem(403, "forbidden");
        }
    }
}

/// An address in another tax region.
fn address_in(country: &str, state: &str) -> Value {
    let mut address = address();
    address["country"] = json!(country);
    address["state"] = json!(state);
    address
}
