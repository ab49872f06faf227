//! `POST /v1/auth/login`

use std::time::Duration;

use serde_json::{Value, json};
use shared::{
    domain::user::{PasswordHash, Role},
    http::token::AccessTokens,
    store::StoreError,
};
use tests::TestShop;

use super::{PASSWORD, Session, assert_indistinguishable, is_alive, log_in, member, register, stored, try_log_in};

#[tokio::test]
async fn a_login_answers_both_tokens_and_the_profile() {
    let shop = TestShop::start().await;
    let email = register(&shop, "ada").await;
    let reply = try_log_in(&shop, &email, PASSWORD).await;
    reply.is(200);
    assert_eq!((&reply.json["tokenType"], &reply.json["expiresIn"]), (&json!("Bearer"), &json!(900)));
    assert_eq!(reply.json["user"]["email"], email.as_str());
    assert_eq!(reply.header("cache-control"), Some("no-store"));

    let session = Session::of(&reply);
    let ada = stored(&shop, &email).await;
    let tokens = AccessTokens::trusting(&shop.signing.jwks()).unwrap();
    let claims = tokens.verify(&session.access, shop.clock.now()).unwrap();
    assert_eq!((claims.sub, claims.role, claims.ver), (ada.id, Role::Customer, false));
    assert_eq!(claims.exp - claims.iat, 900);
    assert!(ada.last_login.is_some());
    let sessions: Vec<Value> = documents(&shop, "sessions").await;
    assert!(!format!("{sessions:?}").contains(&session.refresh), "the refresh token is stored in clear");
}

async fn documents(shop: &TestShop, collection: &str) -> Vec<Value> {
    use futures::TryStreamExt;
    let found = shop.store().database().collection::<Value>(collection).find(bson::doc! {}).await.unwrap();
    found.try_collect().await.unwrap()
}

#[tokio::test]
async fn a_wrong_password_an_unknown_address_and_a_closed_account_look_the_same() {
    let shop = TestShop::start().await;
    let (ada, grace) = (register(&shop, "ada").await, register(&shop, "grace").await);
    let mut closed = stored(&shop, &grace).await;
    closed.is_active = false;
    shop.store().users.save(&mut closed).await.unwrap();

    let wrong = try_log_in(&shop, &ada, "wrong-horse-battery").await;
    wrong.is_problem(401, "invalid_credentials");
    assert_indistinguishable(&wrong, &try_log_in(&shop, "unknown@example.test", PASSWORD).await);
    assert_indistinguishable(&wrong, &try_log_in(&shop, &grace, PASSWORD).await);
    assert_indistinguishable(&wrong, &try_log_in(&shop, &ada, "").await);
    assert_eq!(shop.count("sessions").await, 0);
}

#[tokio::test]
async fn an_invalid_login_is_refused() {
    let shop = TestShop::start().await;
    register(&shop, "ada").await;
    let operator = json!({"$ne": null});
    for body in [
        json!({}),
        json!({"email": "ada@example.test"}),
        json!({"email": operator, "password": operator}),
        json!({"email": ["ada@example.test"], "password": PASSWORD}),
        json!({"email": "not an address", "password": PASSWORD}),
        json!({"email": "ada@example.test", "password": 12_345_678}),
        json!({"email": "ada@example.test", "password": PASSWORD, "admin": true}),
        // There is no second factor yet: a code that would not be checked is refused.
        json!({"email": "ada@example.test", "password": PASSWORD, "totp": "123456"}),
    ] {
        shop.post("/v1/auth/login", body).await.is_problem(422, "invalid_body");
    }
    shop.request("GET", "/v1/auth/login").send().await.is_problem(405, "method_not_allowed");
}

#[tokio::test]
async fn a_guests_cart_becomes_the_customers() {
    let shop = TestShop::start().await;
    let email = register(&shop, "ada").await;
    let mug = shop.stock("MUG-1", 5).await;
    let guest = shop.post("/v1/cart/items", json!({"productId": mug, "quantity": 2})).await;
    guest.is(200);
    let token = guest.json["cartToken"].as_str().unwrap();

    let credentials = json!({"email": email, "password": PASSWORD});
    let session =
        Session::of(&shop.request("POST", "/v1/auth/login").cart(token).json(credentials.clone()).send().await);
    let cart = shop.request("GET", "/v1/cart").bearer(&session.access).send().await;
    assert_eq!((&cart.json["items"][0]["quantity"], &cart.json["items"][1]), (&json!(2), &Value::Null));
    shop.request("GET", "/v1/cart").cart(token).send().await.is_problem(404, "cart_not_found");

    for nobodys in [token, "a-token-of-no-cart", "not a token", &"x".repeat(500)] {
        shop.request("POST", "/v1/auth/login").cart(nobodys).json(credentials.clone()).send().await.is(200);
    }
    let cart = shop.request("GET", "/v1/cart").bearer(&session.access).send().await;
    assert_eq!(cart.json["items"][0]["quantity"], 2);
}

#[tokio::test]
async fn a_failed_login_leaves_the_guests_cart_alone() {
    let shop = TestShop::start().await;
    let email = register(&shop, "ada").await;
    let mug = shop.stock("MUG-1", 5).await;
    let guest = shop.post("/v1/cart/items", json!({"productId": mug, "quantity": 2})).await;
    let token = guest.json["cartToken"].as_str().unwrap();
    let wrong = json!({"email": email, "password": "wrong-horse-battery"});
    shop.request("POST", "/v1/auth/login").cart(token).json(wrong).send().await.is(401);
    assert_eq!(shop.request("GET", "/v1/cart").cart(token).send().await.json["items"][0]["quantity"], 2);
}

/// Of [`PASSWORD`], with 8 MiB and one pass.
const WEAK: &str = "$argon2id$v=19$m=8192,t=1,p=1$c29tZSBzYWx0$yij3Aeigncowo+zox85M1PWy+43wzvXWxqLf5RxWQM4";

#[tokio::test]
async fn a_weaker_hash_is_replaced_at_the_next_login() {
    let shop = TestShop::start().await;
    let email = register(&shop, "ada").await;
    let mut ada = stored(&shop, &email).await;
    ada.password = PasswordHash::from_phc(WEAK.to_owned());
    shop.store().users.save(&mut ada).await.unwrap();

    try_log_in(&shop, &email, "wrong-horse-battery").await.is_problem(401, "invalid_credentials");
    assert_eq!(stored(&shop, &email).await.password.expose(), WEAK);
    log_in(&shop, &email).await;
    assert!(stored(&shop, &email).await.password.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    log_in(&shop, &email).await;
}

#[tokio::test]
async fn a_login_succeeds_while_another_one_rehashes_the_password() {
    let shop = TestShop::start().await;
    let email = register(&shop, "ada").await;
    let mut ada = stored(&shop, &email).await;
    let renewed = std::mem::replace(&mut ada.password, PasswordHash::from_phc(WEAK.to_owned()));
    shop.store().users.save(&mut ada).await.unwrap();

    // The other login locks the account until this one has verified its password.
    let mut other = shop.store().attempts().await.unwrap();
    let tx = other.begin().await.unwrap();
    ada.password = renewed;
    shop.store().users.save_in(tx, &mut ada).await.unwrap();
    let renewing = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        other.finish(Ok::<_, StoreError>(())).await.unwrap().unwrap();
    };
    let (login, ()) = futures::join!(try_log_in(&shop, &email, PASSWORD), renewing);
    login.is(200);
}

#[tokio::test]
async fn no_login_with_the_old_password_survives_a_password_change() {
    let shop = TestShop::start().await;
    let (email, session) = member(&shop, "ada").await;
    let change = json!({"currentPassword": PASSWORD, "newPassword": "staple-and-stapler"});
    let changing = shop.request("POST", "/v1/auth/password/change").bearer(&session.access).json(change).send();
    let logins = futures::future::join_all((0..8).map(|_| try_log_in(&shop, &email, PASSWORD)));
    let (changed, logins) = futures::join!(changing, logins);
    changed.is(204);
    for login in logins.iter().filter(|login| login.status == 200) {
        assert!(!is_alive(&shop, &Session::of(login)).await);
    }
}
