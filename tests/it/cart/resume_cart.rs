use std::time::Duration;

use serde_json::{Value, json};
use shared::domain::cart::{ABANDONED_AFTER, CartStatus};
use tests::{Person, Reply, TestShop};

use super::{
    Guest,
    abandoned::{reminders, stored_cart},
    coupon, lines,
};

/// The token of the link in a reminder.
pub(super) fn token_of(mail: &str) -> String {
    let (_, rest) = mail.split_once("/cart/resume?token=").expect("the mail has a link");
    rest.split_whitespace().next().unwrap().to_owned()
}

/// Abandons the cart of a customer until the reminder is sent; answers the token in the mail.
async fn remind(shop: &TestShop, person: &Person) -> String {
    shop.clock.advance(ABANDONED_AFTER);
    shop.run_maintenance().await;
    token_of(reminders(shop, person).await.last().unwrap())
}

async fn resume(shop: &TestShop, token: &str) -> Reply {
    shop.post("/v1/cart/resume", json!({"token": token})).await
}

#[tokio::test]
async fn the_link_gives_a_copy_of_the_cart_and_nothing_else() {
    let shop = TestShop::start().await;
    let (mug, pot) = (shop.stock("MUG-1", 50).await, shop.stock("POT-1", 50).await);
    coupon(&shop.admin("root").await, "TEN", json!({})).await;
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, 2).await.is(200);
    ada.put("/v1/cart/coupon", json!({"code": "TEN"})).await.is(200);
    let token = remind(&shop, &ada).await;
    let before = stored_cart(&shop, &ada).await;

    let copy = resume(&shop, &token).await;
    assert_eq!((lines(&copy), &copy.json["coupon"]), (vec![(mug.clone(), 2)], &Value::Null));
    let guest = Guest { shop: &shop, token: super::token_of(&copy) };
    assert_eq!(copy.header("x-cart-token"), Some(guest.token.as_str()));
    assert!(copy.id() != before.id.to_string());
    // The link logs no customer in, and the account stays protected.
    assert!(copy.headers.get("set-cookie").is_none() && copy.json.get("accessToken").is_none());
    guest.request("GET", "/v1/auth/me").send().await.is_problem(401, "not_authenticated");
    guest.request("GET", "/v1/orders").send().await.is_problem(401, "not_authenticated");
    // What is done with the copy does not touch the original.
    assert_eq!(lines(&guest.add(&pot, 1).await).len(), 2);
    let after = stored_cart(&shop, &ada).await;
    assert_eq!((after.version(), after.status), (before.version(), CartStatus::Abandoned));
    // Opened on another device, the mail leads to another copy.
    let second = resume(&shop, &token).await;
    assert_ne!(super::token_of(&second), guest.token);
    assert_eq!(lines(&second), [(mug.clone(), 2)]);
    // Its owner logs in with the copy: nothing is doubled.
    let merged = ada.post("/v1/cart/merge", json!({"cartToken": guest.token})).await;
    assert_eq!(lines(&merged), [(mug, 2), (pot, 1)]);
    shop.verify().await;
}

#[tokio::test]
async fn the_logged_in_owner_gets_the_original_cart() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 50).await;
    let (ada, eve) = (shop.customer("ada").await, shop.customer("eve").await);
    ada.add_to_cart(&mug, 2).await.is(200);
    let token = remind(&shop, &ada).await;
    let carts = shop.count("carts").await;
    for _ in 0..2 {
        let cart = ada.post("/v1/cart/resume", json!({"token": token})).await;
        assert_eq!(lines(&cart), [(mug.clone(), 2)]);
        assert!(cart.json.get("cartToken").is_none());
    }
    assert_eq!(stored_cart(&shop, &ada).await.status, CartStatus::Active, "they are back");
    assert_eq!(shop.count("carts").await, carts);
    // To another customer the mail is worth what it is worth to anybody.
    let copy = eve.post("/v1/cart/resume", json!({"token": token})).await;
    assert_eq!(lines(&copy), [(mug, 2)]);
    super::token_of(&copy);
    assert_eq!(lines(&eve.get("/v1/cart").await), []);
    // The owner has ordered it, and has an empty cart now.
    ada.checkout("resumed").await.is(201);
    assert_eq!(lines(&ada.post("/v1/cart/resume", json!({"token": token})).await), []);
}

#[tokio::test]
async fn the_link_shows_the_mailed_lines_until_the_cart_is_ordered() {
    let shop = TestShop::start().await;
    let (mug, gift) = (shop.stock("MUG-1", 50).await, shop.stock("GIFT-1", 50).await);
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, 1).await.is(200);
    let token = remind(&shop, &ada).await;
    shop.clock.advance(Duration::from_secs(1));
    ada.add_to_cart(&gift, 1).await.is(200);
    assert_eq!(lines(&resume(&shop, &token).await), [(mug.clone(), 1)], "lines added later are not shown");
    ada.checkout("ordered").await.is(201);
    resume(&shop, &token).await.is_problem(404, "cart_not_found");

    let eve = shop.customer("eve").await;
    eve.add_to_cart(&mug, 1).await.is(200);
    let token = remind(&shop, &eve).await;
    eve.delete("/v1/cart").await.is(204);
    resume(&shop, &token).await.is_problem(404, "cart_not_found");
}

#[tokio::test]
async fn a_link_works_for_seven_days_and_for_this_purpose_only() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 50).await;
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, 1).await.is(200);
    let token = remind(&shop, &ada).await;
    let password = json!({"token": token, "password": "correct-horse-battery"});
    shop.post("/v1/auth/password/reset", password).await.is_problem(422, "invalid_mailed_token");
    shop.post("/v1/auth/verify-email", json!({"token": token})).await.is_problem(422, "invalid_mailed_token");
    shop.request("GET", "/v1/cart").cart(&token).send().await.is_problem(404, "cart_not_found");
    shop.request("GET", "/v1/cart").bearer(&token).send().await.is_problem(401, "invalid_token");
    for nobodys in ["no-such-token", &ada.token[..128.min(ada.token.len())]] {
        resume(&shop, nobodys).await.is_problem(422, "invalid_mailed_token");
    }
    for body in [json!({}), json!({"token": ""}), json!({"token": 7}), json!({"token": "x".repeat(129)})] {
        shop.post("/v1/cart/resume", body).await.is(422);
    }
    let forged = shop.request("POST", "/v1/cart/resume").bearer("forged").json(json!({"token": token})).send().await;
    forged.is_problem(401, "invalid_token");
    shop.clock.advance(Duration::from_secs(6 * 24 * 3600));
    resume(&shop, &token).await.is(200);
    shop.clock.advance(Duration::from_secs(24 * 3600));
    resume(&shop, &token).await.is_problem(422, "invalid_mailed_token");
}
