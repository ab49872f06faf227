//! `POST /v1/auth/password/forgot`, `POST /v1/auth/password/reset`

use std::time::Duration;

use serde_json::json;
use shared::domain::user::{MailedToken, TokenPurpose};
use tests::{Reply, TestShop};

use super::{PASSWORD, assert_indistinguishable, is_alive, log_in, mailed_token, member, register, stored, try_log_in};

const NEW: &str = "staple-and-stapler";
const SUBJECT: &str = "Reset your password";

async fn forgot(shop: &TestShop, email: &str) -> Reply {
    shop.post("/v1/auth/password/forgot", json!({"email": email})).await
}

async fn reset(shop: &TestShop, token: &str, password: &str) -> Reply {
    shop.post("/v1/auth/password/reset", json!({"token": token, "password": password})).await
}

async fn keep_token(shop: &TestShop, text: &str, email: &str) {
    let owner = stored(shop, email).await.id;
    let token = MailedToken::new(text, owner, TokenPurpose::ResetPassword, shop.clock.now());
    shop.store().mailed_tokens.insert(&token).await.unwrap();
}

#[tokio::test]
async fn the_mailed_token_sets_a_new_password_and_ends_all_sessions() {
    let shop = TestShop::start().await;
    let (email, phone) = member(&shop, "ada").await;
    let laptop = log_in(&shop, &email).await;
    forgot(&shop, &email).await.is(202);
    let token = mailed_token(&shop, &email, SUBJECT).await;
    reset(&shop, &token, NEW).await.is(204);
    assert!(!is_alive(&shop, &phone).await);
    assert!(!is_alive(&shop, &laptop).await);
    try_log_in(&shop, &email, PASSWORD).await.is_problem(401, "invalid_credentials");
    let reply = try_log_in(&shop, &email, NEW).await;
    reply.is(200);
    assert_eq!(reply.json["user"]["isEmailVerified"], true, "the mail arrived");
    reset(&shop, &token, PASSWORD).await.is_problem(422, "invalid_mailed_token");
}

#[tokio::test]
async fn an_unknown_address_gets_the_same_answer_and_no_mail() {
    let shop = TestShop::start().await;
    let (ada, grace) = (register(&shop, "ada").await, register(&shop, "grace").await);
    let mut closed = stored(&shop, &grace).await;
    closed.is_active = false;
    shop.store().users.save(&mut closed).await.unwrap();
    let known = forgot(&shop, &ada).await;
    known.is(202);
    let stranger = format!("stranger.{}@example.test", shop.random.readable(8).to_lowercase());
    for other in [&stranger, &grace] {
        assert_indistinguishable(&known, &forgot(&shop, other).await);
    }
    shop.run_queues().await;
    assert!(shop.mails_to(&stranger).await.is_empty());
    assert!(shop.mails_to(&grace).await.iter().all(|(subject, _)| subject != SUBJECT));
    assert_eq!(shop.mails_to(&ada).await.iter().filter(|(subject, _)| subject == SUBJECT).count(), 1);
}

#[tokio::test]
async fn mails_to_one_address_are_limited() {
    let shop = TestShop::start().await;
    let email = register(&shop, "ada").await;
    let before = shop.count("outbox").await;
    let first = forgot(&shop, &email).await;
    for _ in 0..9 {
        assert_indistinguishable(&first, &forgot(&shop, &email).await);
    }
    // Five in all: the registration's was one.
    assert_eq!(shop.count("outbox").await - before, 4);
}

#[tokio::test]
async fn a_reset_token_works_once_for_30_minutes_and_revokes_the_others() {
    let shop = TestShop::start().await;
    let email = register(&shop, "ada").await;
    keep_token(&shop, "too late", &email).await;
    shop.clock.advance(Duration::from_secs(30 * 60));
    reset(&shop, "too late", NEW).await.is_problem(422, "invalid_mailed_token");
    keep_token(&shop, "first", &email).await;
    keep_token(&shop, "second", &email).await;
    let replies = futures::future::join_all((0..4).map(|_| reset(&shop, "first", NEW))).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 204).count(), 1);
    reset(&shop, "second", PASSWORD).await.is_problem(422, "invalid_mailed_token");
    try_log_in(&shop, &email, NEW).await.is(200);
}

#[tokio::test]
async fn a_refused_password_does_not_consume_the_token() {
    let shop = TestShop::start().await;
    let email = register(&shop, "ada").await;
    keep_token(&shop, "token", &email).await;
    for weak in ["short", "password123", "aaaaaaaaaa"] {
        let refused = reset(&shop, "token", weak).await;
        refused.is_problem(422, "invalid_body");
        assert_eq!(refused.json["errors"][0]["pointer"], "/password");
    }
    reset(&shop, "token", NEW).await.is(204);
}

#[tokio::test]
async fn an_invalid_request_is_refused() {
    let shop = TestShop::start().await;
    for body in
        [json!({}), json!({"email": {"$gt": ""}}), json!({"email": "ada"}), json!({"email": "a@b.test", "x": 1})]
    {
        shop.post("/v1/auth/password/forgot", body).await.is_problem(422, "invalid_body");
    }
    reset(&shop, "made up", NEW).await.is_problem(422, "invalid_mailed_token");
    let operator = json!({"token": {"$gt": ""}, "password": NEW});
    shop.post("/v1/auth/password/reset", operator).await.is_problem(422, "invalid_body");
    assert_eq!((shop.count("outbox").await, shop.count("throttles").await), (0, 0));
}
