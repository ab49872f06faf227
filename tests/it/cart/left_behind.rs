//! Carts that were left, and the way back to them.

use std::time::Duration;

use serde_json::json;
use tests::TestShop;

const TWO_DAYS: Duration = Duration::from_secs(48 * 3600);

/// The token in the mail that reminds of a cart.
async fn token_in_the_mail(shop: &TestShop, email: &str) -> Option<String> {
    shop.run_queues().await;
    let mails = shop.mails_to(email).await;
    let (_, text) = mails.iter().find(|(_, text)| text.contains("/cart/resume?token="))?;
    let token = text.split("/cart/resume?token=").nth(1)?;
    Some(token.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).collect())
}

#[tokio::test]
async fn a_cart_that_is_left_is_found_once_and_the_mail_leads_back_to_it() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 5).await;
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, 2).await.is(200);
    shop.clock.advance(TWO_DAYS);
    assert_eq!(shop.run_maintenance().await.abandoned, 1);
    assert_eq!(shop.run_maintenance().await.abandoned, 0);
    let token = token_in_the_mail(&shop, &ada.email).await.expect("a mail that reminds of the cart");

    let own = ada.post("/v1/cart/resume", json!({"token": token})).await;
    assert_eq!(own.is(200).json["items"][0]["quantity"], 2);
    // Whoever got the mail forwarded gets a copy, and nothing of the account.
    let copy = shop.post("/v1/cart/resume", json!({"token": token})).await;
    assert_eq!(copy.is(200).json["items"][0]["quantity"], 2);
    assert!(copy.json["cartToken"].is_string());
    assert_ne!(copy.json["id"], own.json["id"]);
    shop.post("/v1/cart/resume", json!({"token": "nobodys"})).await.is_problem(422, "invalid_mailed_token");
}
