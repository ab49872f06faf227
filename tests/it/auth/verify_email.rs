//! `POST /v1/auth/verify-email`, `POST /v1/auth/verify-email/resend`

use std::time::Duration;

use serde_json::json;
use shared::domain::user::{MailedToken, TokenPurpose};
use tests::{Reply, TestShop};

use super::{mailed_token, member, register, stored};

const SUBJECT: &str = "Confirm your e-mail address";

async fn verify(shop: &TestShop, token: &str) -> Reply {
    shop.post("/v1/auth/verify-email", json!({"token": token})).await
}

#[tokio::test]
async fn the_mailed_token_verifies_the_address_once() {
    let shop = TestShop::start().await;
    let (email, session) = member(&shop, "ada").await;
    let token = mailed_token(&shop, &email, SUBJECT).await;
    verify(&shop, &token).await.is(204);
    let me = shop.request("GET", "/v1/auth/me").bearer(&session.access).send().await;
    assert_eq!(me.json["isEmailVerified"], true);
    verify(&shop, &token).await.is_problem(422, "invalid_mailed_token");
}

#[tokio::test]
async fn of_parallel_uses_of_a_token_one_succeeds() {
    let shop = TestShop::start().await;
    let email = register(&shop, "ada").await;
    let ada = stored(&shop, &email).await.id;
    let token = MailedToken::new("a token", ada, TokenPurpose::VerifyEmail, shop.clock.now());
    shop.store().mailed_tokens.insert(&token).await.unwrap();
    let replies = futures::future::join_all((0..6).map(|_| verify(&shop, "a token"))).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 204).count(), 1);
    for reply in replies.iter().filter(|reply| reply.status != 204) {
        reply.is_problem(422, "invalid_mailed_token");
    }
}

#[tokio::test]
async fn a_token_works_for_24_hours_and_for_its_purpose_only() {
    let shop = TestShop::start().await;
    let email = register(&shop, "ada").await;
    let ada = stored(&shop, &email).await.id;
    let keep = async |text: &str, purpose| {
        let token = MailedToken::new(text, ada, purpose, shop.clock.now());
        shop.store().mailed_tokens.insert(&token).await.unwrap();
    };
    keep("for a password", TokenPurpose::ResetPassword).await;
    verify(&shop, "for a password").await.is_problem(422, "invalid_mailed_token");
    keep("too late", TokenPurpose::VerifyEmail).await;
    shop.clock.advance(Duration::from_secs(24 * 3600));
    verify(&shop, "too late").await.is_problem(422, "invalid_mailed_token");
    keep("in time", TokenPurpose::VerifyEmail).await;
    shop.clock.advance(Duration::from_secs(24 * 3600 - 60));
    verify(&shop, "in time").await.is(204);
    // The others for the same purpose went with it.
    keep("second", TokenPurpose::VerifyEmail).await;
    keep("third", TokenPurpose::VerifyEmail).await;
    verify(&shop, "third").await.is(204);
    verify(&shop, "second").await.is_problem(422, "invalid_mailed_token");
}

#[tokio::test]
async fn an_invalid_token_is_refused() {
    let shop = TestShop::start().await;
    verify(&shop, "made up").await.is_problem(422, "invalid_mailed_token");
    verify(&shop, "").await.is_problem(422, "validation_failed");
    verify(&shop, &"x".repeat(129)).await.is_problem(422, "validation_failed");
    for body in [json!({}), json!({"token": {"$ne": null}}), json!({"token": 1})] {
        shop.post("/v1/auth/verify-email", body).await.is_problem(422, "invalid_body");
    }
}

#[tokio::test]
async fn verification_mails_can_be_resent_up_to_a_limit() {
    let shop = TestShop::start().await;
    let (email, session) = member(&shop, "ada").await;
    let resend = || shop.request("POST", "/v1/auth/verify-email/resend").bearer(&session.access).send();
    // The registration was the first.
    for _ in 0..4 {
        resend().await.is(202);
    }
    let refused = resend().await;
    refused.is_problem(429, "too_many_requests");
    assert!(refused.header("retry-after").is_some());
    let token = mailed_token(&shop, &email, SUBJECT).await;
    assert_eq!(shop.mails_to(&email).await.len(), 5);
    verify(&shop, &token).await.is(204);
    resend().await.is(202);
    shop.run_queues().await;
    assert_eq!(shop.mails_to(&email).await.len(), 5, "a verified address was written to");
    shop.request("POST", "/v1/auth/verify-email/resend").send().await.is_problem(401, "not_authenticated");
}
