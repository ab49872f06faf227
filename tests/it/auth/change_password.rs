//! `POST /v1/auth/password/change`

use serde_json::{Value, json};
use tests::{Reply, TestShop};

use super::{PASSWORD, Session, is_alive, log_in, member, try_log_in};

const NEW: &str = "staple-and-stapler";

async fn change(shop: &TestShop, session: &Session, body: Value) -> Reply {
    shop.request("POST", "/v1/auth/password/change").bearer(&session.access).json(body).send().await
}

#[tokio::test]
async fn a_changed_password_ends_all_sessions() {
    let shop = TestShop::start().await;
    let (email, phone) = member(&shop, "ada").await;
    let laptop = log_in(&shop, &email).await;
    change(&shop, &phone, json!({"currentPassword": PASSWORD, "newPassword": NEW})).await.is(204);
    assert!(!is_alive(&shop, &phone).await);
    assert!(!is_alive(&shop, &laptop).await);
    try_log_in(&shop, &email, PASSWORD).await.is_problem(401, "invalid_credentials");
    try_log_in(&shop, &email, NEW).await.is(200);
}

#[tokio::test]
async fn a_wrong_current_password_is_refused_and_counts_as_a_guess() {
    let shop = TestShop::start().await;
    let (email, session) = member(&shop, "ada").await;
    let wrong = json!({"currentPassword": "wrong-horse-battery", "newPassword": NEW});
    for _ in 0..5 {
        change(&shop, &session, wrong.clone()).await.is_problem(401, "invalid_credentials");
    }
    change(&shop, &session, wrong).await.is_problem(429, "too_many_attempts");
    try_log_in(&shop, &email, PASSWORD).await.is_problem(429, "too_many_attempts");
    assert!(is_alive(&shop, &session).await);
}

#[tokio::test]
async fn of_two_concurrent_changes_one_succeeds() {
    let shop = TestShop::start().await;
    let (email, session) = member(&shop, "ada").await;
    let to = |new: &str| json!({"currentPassword": PASSWORD, "newPassword": new});
    let (one, other) = futures::join!(
        change(&shop, &session, to("staple-and-stapler")),
        change(&shop, &session, to("battery-and-charger"))
    );
    let (winner, loser) = if one.status == 204 { ("staple-and-stapler", other) } else { ("battery-and-charger", one) };
    loser.is_problem(401, "invalid_credentials");
    try_log_in(&shop, &email, winner).await.is(200);
}

#[tokio::test]
async fn an_invalid_change_is_refused() {
    let shop = TestShop::start().await;
    let (email, session) = member(&shop, "ada").await;
    for (body, pointer) in [
        (json!({"currentPassword": PASSWORD}), "/newPassword"),
        (json!({"currentPassword": PASSWORD, "newPassword": "short"}), "/newPassword"),
        (json!({"currentPassword": PASSWORD, "newPassword": "password1"}), "/newPassword"),
        (json!({"currentPassword": {"$gt": ""}, "newPassword": NEW}), "/currentPassword"),
    ] {
        let reply = change(&shop, &session, body).await;
        reply.is_problem(422, "invalid_body");
        assert_eq!(reply.json["errors"][0]["pointer"], pointer);
    }
    let body = json!({"currentPassword": PASSWORD, "newPassword": NEW});
    shop.post("/v1/auth/password/change", body).await.is_problem(401, "not_authenticated");
    log_in(&shop, &email).await;
}
