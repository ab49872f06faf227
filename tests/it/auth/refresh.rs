//! `POST /v1/auth/refresh`

use std::time::Duration;

use serde_json::json;
use shared::{domain::user::Role, http::token::AccessTokens};
use tests::TestShop;

use super::{Session, is_alive, log_in, member, refresh, stored};

#[tokio::test]
async fn a_refresh_token_is_exchanged_for_the_next_pair() {
    let shop = TestShop::start().await;
    let (email, first) = member(&shop, "ada").await;
    let reply = refresh(&shop, &first.refresh).await;
    let second = Session::of(&reply);
    assert_ne!((&first.access, &first.refresh), (&second.access, &second.refresh));
    assert_eq!(reply.json["user"]["email"], email.as_str());
    shop.request("GET", "/v1/auth/me").bearer(&second.access).send().await.is(200);
    assert!(is_alive(&shop, &second).await);
}

#[tokio::test]
async fn a_replay_within_ten_seconds_is_refused_and_revokes_nothing() {
    let shop = TestShop::start().await;
    let (_, first) = member(&shop, "ada").await;
    let second = Session::of(&refresh(&shop, &first.refresh).await);
    shop.clock.advance(Duration::from_secs(8));
    refresh(&shop, &first.refresh).await.is_problem(401, "invalid_refresh_token");
    assert!(is_alive(&shop, &second).await);
}

#[tokio::test]
async fn a_later_replay_revokes_that_session_and_no_other() {
    let shop = TestShop::start().await;
    let (email, first) = member(&shop, "ada").await;
    let other_device = log_in(&shop, &email).await;
    let second = Session::of(&refresh(&shop, &first.refresh).await);
    let third = Session::of(&refresh(&shop, &second.refresh).await);
    shop.clock.advance(Duration::from_secs(11));
    refresh(&shop, &first.refresh).await.is_problem(401, "invalid_refresh_token");
    assert!(!is_alive(&shop, &third).await);
    assert!(is_alive(&shop, &other_device).await);
}

#[tokio::test]
async fn of_parallel_refreshes_exactly_one_wins() {
    let shop = TestShop::start().await;
    let (_, first) = member(&shop, "ada").await;
    let replies = futures::future::join_all((0..12).map(|_| refresh(&shop, &first.refresh))).await;
    let winners: Vec<_> = replies.iter().filter(|reply| reply.status == 200).collect();
    assert_eq!(winners.len(), 1);
    for reply in replies.iter().filter(|reply| reply.status != 200) {
        reply.is_problem(401, "invalid_refresh_token");
    }
    // The one of the login, used, and its only successor.
    assert_eq!(shop.count("sessions").await, 2);
    assert!(is_alive(&shop, &Session::of(winners[0])).await);
}

#[tokio::test]
async fn no_successor_token_survives_a_concurrent_logout() {
    let shop = TestShop::start().await;
    for _ in 0..5 {
        let (_, first) = member(&shop, "ada").await;
        let logout = shop.request("POST", "/v1/auth/logout-all").bearer(&first.access).send();
        let (logout, refreshed) = futures::join!(logout, refresh(&shop, &first.refresh));
        logout.is(204);
        if refreshed.status == 200 {
            assert!(!is_alive(&shop, &Session::of(&refreshed)).await);
        }
    }
}

#[tokio::test]
async fn a_refresh_token_works_for_30_days() {
    let shop = TestShop::start().await;
    let (email, first) = member(&shop, "ada").await;
    let other = log_in(&shop, &email).await;
    shop.clock.advance(Duration::from_secs(30 * 86_400 - 60));
    assert!(is_alive(&shop, &first).await);
    shop.clock.advance(Duration::from_secs(120));
    assert!(!is_alive(&shop, &other).await);
}

#[tokio::test]
async fn a_refreshed_access_token_carries_the_changed_claims() {
    let shop = TestShop::start().await;
    let (email, session) = member(&shop, "ada").await;
    let mut ada = stored(&shop, &email).await;
    ada.role = Role::Seller;
    ada.is_email_verified = true;
    shop.store().users.save(&mut ada).await.unwrap();
    let next = Session::of(&refresh(&shop, &session.refresh).await);
    let tokens = AccessTokens::trusting(&shop.signing.jwks()).unwrap();
    let claims = tokens.verify(&next.access, shop.clock.now()).unwrap();
    assert_eq!((claims.role, claims.ver), (Role::Seller, true));
}

#[tokio::test]
async fn an_invalid_refresh_token_is_refused() {
    let shop = TestShop::start().await;
    let (_, session) = member(&shop, "ada").await;
    refresh(&shop, "made-up").await.is_problem(401, "invalid_refresh_token");
    refresh(&shop, &session.refresh.to_lowercase()).await.is_problem(401, "invalid_refresh_token");
    refresh(&shop, &session.access).await.is(422);
    refresh(&shop, "").await.is_problem(422, "validation_failed");
    for body in [json!({}), json!({"refreshToken": {"$gt": ""}}), json!({"refreshToken": null}), json!({"token": "x"})]
    {
        shop.post("/v1/auth/refresh", body).await.is_problem(422, "invalid_body");
    }
    // And no refresh token is an access token.
    shop.request("GET", "/v1/auth/me").bearer(&session.refresh).send().await.is_problem(401, "invalid_token");
}
