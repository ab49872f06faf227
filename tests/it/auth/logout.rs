//! `POST /v1/auth/logout`, `POST /v1/auth/logout-all`

use serde_json::json;
use tests::TestShop;

use super::{is_alive, log_in, member};

#[tokio::test]
async fn a_logout_ends_the_session_of_its_token_and_no_other() {
    let shop = TestShop::start().await;
    let (email, phone) = member(&shop, "ada").await;
    let laptop = log_in(&shop, &email).await;
    shop.request("POST", "/v1/auth/logout").bearer(&phone.access).send().await.is(204);
    // Once more changes nothing.
    shop.request("POST", "/v1/auth/logout").bearer(&phone.access).send().await.is(204);
    assert!(!is_alive(&shop, &phone).await);
    assert!(is_alive(&shop, &laptop).await);
}

#[tokio::test]
async fn a_logout_ends_the_session_of_a_refresh_token_if_it_is_theirs() {
    let shop = TestShop::start().await;
    let (email, phone) = member(&shop, "ada").await;
    let laptop = log_in(&shop, &email).await;
    let (_, stranger) = member(&shop, "grace").await;
    for token in [&laptop.refresh, &stranger.refresh] {
        let body = json!({"refreshToken": token});
        shop.request("POST", "/v1/auth/logout").bearer(&phone.access).json(body).send().await.is(204);
    }
    assert!(!is_alive(&shop, &phone).await);
    assert!(!is_alive(&shop, &laptop).await);
    assert!(is_alive(&shop, &stranger).await);
}

#[tokio::test]
async fn a_logout_everywhere_ends_all_sessions_of_one_person() {
    let shop = TestShop::start().await;
    let (email, phone) = member(&shop, "ada").await;
    let laptop = log_in(&shop, &email).await;
    let (_, stranger) = member(&shop, "grace").await;
    shop.request("POST", "/v1/auth/logout-all").bearer(&phone.access).send().await.is(204);
    assert!(!is_alive(&shop, &phone).await);
    assert!(!is_alive(&shop, &laptop).await);
    assert!(is_alive(&shop, &stranger).await);
    log_in(&shop, &email).await;
}

#[tokio::test]
async fn a_logout_requires_authentication() {
    let shop = TestShop::start().await;
    for path in ["/v1/auth/logout", "/v1/auth/logout-all"] {
        shop.request("POST", path).send().await.is_problem(401, "not_authenticated");
        shop.request("POST", path).bearer("x.y.z").send().await.is_problem(401, "invalid_token");
    }
    let (_, ada) = member(&shop, "ada").await;
    let body = json!({"refreshToken": {"$gt": ""}});
    let refused = shop.request("POST", "/v1/auth/logout").bearer(&ada.access).json(body).send().await;
    refused.is_problem(422, "invalid_body");
    assert!(is_alive(&shop, &ada).await);
}
