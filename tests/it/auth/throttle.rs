//! Failed logins are throttled; logins with the right password are not.

use std::time::Duration;

use axum::{body::Body, http::Request};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use shared::{
    domain::{Timestamp, throttle::ThrottlePolicy},
    http::ClientAddress,
};
use tests::{Reply, TestShop};
use tower::ServiceExt;

use super::{PASSWORD, log_in, register, try_log_in};

const WRONG: &str = "wrong-horse-battery";

fn retry_after(reply: &Reply) -> u64 {
    reply.is_problem(429, "too_many_attempts");
    reply.header("retry-after").unwrap().parse().unwrap()
}

async fn fail(shop: &TestShop, email: &str, times: usize) {
    for _ in 0..times {
        try_log_in(shop, email, WRONG).await.is_problem(401, "invalid_credentials");
    }
}

#[tokio::test]
async fn five_attempts_are_free_then_even_the_right_password_waits() {
    let shop = TestShop::start().await;
    let email = register(&shop, "ada").await;
    fail(&shop, &email, 5).await;
    let seconds = retry_after(&try_log_in(&shop, &email, PASSWORD).await);
    assert!((1..=5).contains(&seconds), "{seconds}");
    shop.clock.advance(Duration::from_secs(seconds));
    log_in(&shop, &email).await;
    // What failed before is forgotten.
    fail(&shop, &email, 5).await;
}

#[tokio::test]
async fn the_wait_doubles_up_to_15_minutes_and_never_locks_for_good() {
    let shop = TestShop::start().await;
    let email = register(&shop, "ada").await;
    fail(&shop, &email, 5).await;
    for expected in [5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900] {
        let seconds = retry_after(&try_log_in(&shop, &email, WRONG).await);
        assert!((expected - 3..=expected).contains(&seconds), "{seconds} instead of {expected}");
        shop.clock.advance(Duration::from_secs(seconds));
        fail(&shop, &email, 1).await;
    }
    shop.clock.advance(Duration::from_secs(900));
    log_in(&shop, &email).await;
}

#[tokio::test]
async fn an_unknown_address_is_throttled_like_a_known_one() {
    let shop = TestShop::start().await;
    fail(&shop, "unknown@example.test", 5).await;
    retry_after(&try_log_in(&shop, "unknown@example.test", WRONG).await);
    // Case does not make another account.
    retry_after(&try_log_in(&shop, "Unknown@Example.test", WRONG).await);
}

#[tokio::test]
async fn of_many_concurrent_guesses_five_are_answered() {
    let shop = TestShop::start().await;
    let email = register(&shop, "ada").await;
    let replies = futures::future::join_all((0..20).map(|_| try_log_in(&shop, &email, WRONG))).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 401).count(), 5);
    assert_eq!(replies.iter().filter(|reply| reply.status == 429).count(), 15);
}

/// Concurrent attempts may be counted out of order, and clocks of machines differ.
#[tokio::test]
async fn a_free_attempt_stays_free_if_it_is_counted_after_a_later_one() {
    let shop = TestShop::start().await;
    let now = shop.clock.now();
    let earlier = |millis| Timestamp::from_millis(now.as_millis() - millis);
    let count = async |now| shop.store().throttles.count("account:ada", &ThrottlePolicy::ACCOUNT, now).await.unwrap();
    for tries_before in 0..5 {
        assert_eq!(count(earlier(tries_before)).await, None, "{tries_before}");
    }
    count(earlier(5)).await.unwrap();
}

#[tokio::test]
async fn the_right_password_is_never_throttled_however_often_it_comes() {
    let shop = TestShop::start().await;
    let email = register(&shop, "ada").await;
    let replies = futures::future::join_all((0..20).map(|_| try_log_in(&shop, &email, PASSWORD))).await;
    for reply in replies {
        reply.is(200);
    }
}

/// A login from this network address.
async fn log_in_from(shop: &TestShop, address: &str, email: &str, password: &str) -> u16 {
    let body = json!({"email": email, "password": password}).to_string();
    let request = Request::post("/v1/auth/login")
        .header("content-type", "application/json")
        .extension(ClientAddress(address.parse().unwrap()))
        .body(Body::from(body))
        .unwrap();
    let response = shop.router().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let json: Value = serde_json::from_slice(&body.collect().await.unwrap().to_bytes()).unwrap();
    assert!(parts.status != 429 || json["code"] == "too_many_attempts");
    parts.status.as_u16()
}

#[tokio::test]
async fn an_attacker_cannot_lock_the_owner_out_of_a_known_device() {
    let shop = TestShop::start().await;
    let email = register(&shop, "ada").await;
    let (home, attacker) = ("192.0.2.1", "203.0.113.7");
    assert_eq!(log_in_from(&shop, home, &email, PASSWORD).await, 200);
    for _ in 0..5 {
        assert_eq!(log_in_from(&shop, attacker, &email, WRONG).await, 401);
    }
    assert_eq!(log_in_from(&shop, attacker, &email, PASSWORD).await, 429);
    assert_eq!(log_in_from(&shop, "198.51.100.9", &email, PASSWORD).await, 429);
    assert_eq!(log_in_from(&shop, home, &email, PASSWORD).await, 200);
    // The owner's login did not give the attacker new tries.
    assert_eq!(log_in_from(&shop, attacker, &email, WRONG).await, 429);
    // A known device has as many tries as anybody.
    for _ in 0..5 {
        assert_eq!(log_in_from(&shop, home, &email, WRONG).await, 401);
    }
    assert_eq!(log_in_from(&shop, home, &email, WRONG).await, 429);
}

#[tokio::test]
async fn attempts_from_one_network_address_are_limited_across_accounts() {
    let shop = TestShop::start().await;
    let email = register(&shop, "ada").await;
    let attacker = "203.0.113.7";
    assert_eq!(log_in_from(&shop, attacker, "user1@example.test", WRONG).await, 401);
    // 299 further failures, without the hashing.
    let throttles = shop.store().database().collection::<bson::Document>("throttles");
    let counted = throttles
        .update_one(bson::doc! {"_id": {"$regex": "^address:"}}, bson::doc! {"$inc": {"tries": 298_i64}})
        .await
        .unwrap();
    assert_eq!(counted.modified_count, 1);
    assert_eq!(log_in_from(&shop, attacker, "user2@example.test", WRONG).await, 401);
    assert_eq!(log_in_from(&shop, attacker, "user3@example.test", WRONG).await, 429);
    assert_eq!(log_in_from(&shop, "192.0.2.1", &email, PASSWORD).await, 200);
    shop.clock.advance(Duration::from_secs(15 * 60));
    assert_eq!(log_in_from(&shop, attacker, "user4@example.test", WRONG).await, 401);
}

#[tokio::test]
async fn the_throttle_stores_no_addresses_in_clear() {
    let shop = TestShop::start().await;
    let email = register(&shop, "ada").await;
    log_in_from(&shop, "192.0.2.1", &email, WRONG).await;
    log_in_from(&shop, "192.0.2.1", &email, PASSWORD).await;
    let mut cursor =
        shop.store().database().collection::<bson::Document>("throttles").find(bson::doc! {}).await.unwrap();
    // The whole name and not a part of it: three letters may well be digits of a fingerprint.
    let name = email.split('@').next().unwrap();
    let mut seen = 0;
    while cursor.advance().await.unwrap() {
        let text = format!("{:?}", cursor.deserialize_current().unwrap());
        assert!(!text.contains(name) && !text.contains("192.0.2.1"), "{text}");
        seen += 1;
    }
    assert!(seen >= 2);
}
