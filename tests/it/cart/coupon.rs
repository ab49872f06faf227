use std::time::Duration;

use serde_json::{Value, json};
use tests::{Reply, TestShop};

use super::{Guest, coupon};

const PATH: &str = "/v1/cart/coupon";

#[track_caller]
fn reason(reply: &Reply) -> String {
    reply.is_problem(422, "coupon_invalid");
    reply.json["reason"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_coupon_discounts_the_cart_and_another_replaces_it() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 50).await;
    let admin = shop.admin("root").await;
    coupon(&admin, "TEN", json!({})).await;
    coupon(&admin, "FIVE-OFF", json!({"type": "fixed", "value": 500})).await;
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, 3).await.is(200);
    // Said twice is said once.
    for _ in 0..2 {
        let cart = ada.put(PATH, json!({"code": " ten "})).await;
        assert_eq!(cart.is(200).json["coupon"], json!({"code": "TEN", "discount": 300}));
        assert_eq!((&cart.json["totals"]["discount"], &cart.json["totals"]["total"]), (&json!(300), &json!(2700)));
    }
    let cart = ada.put(PATH, json!({"code": "five-off"})).await;
    assert_eq!(cart.is(200).json["coupon"], json!({"code": "FIVE-OFF", "discount": 500}));
    let version = cart.json["version"].as_i64().unwrap();
    ada.request("DELETE", PATH).header("if-match", "\"0\"").send().await.is_problem(412, "precondition_failed");
    ada.request("DELETE", PATH).header("if-match", format!("\"{version}\"")).send().await.is(200);
    let cart = ada.delete(PATH).await;
    assert_eq!((&cart.is(200).json["coupon"], &cart.json["totals"]["total"]), (&Value::Null, &json!(3000)));

    let guest = Guest::with(&shop, &mug, 1).await;
    let cart = guest.request("PUT", PATH).json(json!({"code": "ten"})).send().await;
    assert_eq!(cart.is(200).json["totals"]["total"], 900);
}

#[tokio::test]
async fn an_inapplicable_coupon_is_refused_with_its_reason() {
    let shop = TestShop::start().await;
    let (mug, pot) = (shop.stock("MUG-1", 50).await, shop.stock("POT-1", 50).await);
    let admin = shop.admin("root").await;
    let now = shop.clock.now();
    let (soon, past) = (now.plus(Duration::from_secs(3600)), now.minus(Duration::from_secs(3600)));
    let eve = shop.customer("eve").await;
    for (code, fields) in [
        ("OVER", json!({"validFrom": now.minus(Duration::from_secs(7200)), "validUntil": past})),
        ("SOON", json!({"validFrom": soon})),
        ("RICH", json!({"minimumPurchase": 2001})),
        ("POTS", json!({"applicableProducts": [pot]})),
        ("EVES", json!({"userRestrictions": {"specificUsers": [eve.id.to_string()]}})),
    ] {
        coupon(&admin, code, fields).await;
    }
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, 2).await.is(200);
    for (code, why) in [
        ("NONE", "unknown"),
        ("OVER", "expired"),
        ("SOON", "not_started"),
        ("RICH", "minimum_not_met"),
        ("POTS", "not_applicable"),
        ("EVES", "not_eligible"),
    ] {
        assert_eq!(reason(&ada.put(PATH, json!({"code": code})).await), why, "{code}");
    }
    for body in [json!({}), json!({"code": ""}), json!({"code": 7}), json!({"code": "x".repeat(65)})] {
        ada.put(PATH, body).await.is(422);
    }
    let cart = ada.get("/v1/cart").await;
    assert_eq!((&cart.json["coupon"], &cart.json["version"]), (&Value::Null, &json!(1)));
    shop.request("PUT", PATH).json(json!({"code": "TEN"})).send().await.is_problem(401, "not_authenticated");
    shop.request("DELETE", PATH).send().await.is_problem(401, "not_authenticated");
    let unknown = shop.request("PUT", PATH).cart("no-such-token").json(json!({"code": "TEN"})).send().await;
    unknown.is_problem(404, "cart_not_found");
}

#[tokio::test]
async fn a_coupon_that_no_longer_applies_is_reported_and_not_applied() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 50).await;
    coupon(&shop.admin("root").await, "TWO", json!({"minimumPurchase": 2000})).await;
    let ada = shop.customer("ada").await;
    let added = ada.add_to_cart(&mug, 2).await;
    ada.put(PATH, json!({"code": "TWO"})).await.is(200);
    let path = format!("/v1/cart/items/{}", super::only_line(&added));
    let cart = ada.patch(&path, json!({"quantity": 1})).await;
    assert_eq!(cart.is(200).json["problems"], json!([{"code": "coupon_invalid", "reason": "minimum_not_met"}]));
    assert_eq!(cart.json["coupon"], json!({"code": "TWO", "discount": 0}));
    let cart = ada.patch(&path, json!({"quantity": 3})).await;
    assert_eq!((&cart.json["problems"], &cart.json["totals"]["total"]), (&json!([]), &json!(2700)));
}
