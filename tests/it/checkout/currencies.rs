//! The currencies of the shop, and amounts that mean something in their own currency alone.

use serde_json::{Value, json};
use tests::{TestShop, people::address};

use super::{coupon, fill_cart, stored};

const SETTING: &str = "/v1/settings/currencies";

fn at(regular: i64, currency: &str) -> Value {
    json!({"price": {"regular": regular, "currency": currency}})
}

// M3
#[tokio::test]
async fn the_shop_lists_the_currencies_that_it_sells_in() {
    let shop = TestShop::start().await;
    let root = shop.admin("root").await;
    assert_eq!(root.get(SETTING).await.is(200).json, json!({"currencies": ["USD"]}));
    let both = json!({"currencies": ["EUR", "USD"]});
    assert_eq!(root.put(SETTING, both.clone()).await.is(200).json, both);
    for (body, code, pointer) in [
        (json!({}), "invalid_body", "/currencies"),
        (json!({"currencies": []}), "validation_failed", "/currencies"),
        (json!({"currencies": ["EUR", "USD", "EUR"]}), "validation_failed", "/currencies/2"),
        (json!({"currencies": ["EUR", "XXX"]}), "invalid_body", "/currencies/1"),
        (json!({"currencies": ["BTC"]}), "invalid_body", "/currencies/0"),
        (json!({"currencies": ["eur"]}), "invalid_body", "/currencies/0"),
        (json!({"currencies": ["EUR"], "default": "EUR"}), "invalid_body", "/default"),
    ] {
        let refused = root.put(SETTING, body.clone()).await;
        assert_eq!(refused.is_problem(422, code).json["errors"][0]["pointer"], pointer, "{body}");
    }
    assert_eq!(root.get(SETTING).await.json, both);
}

// M3
#[tokio::test]
async fn nothing_is_ordered_in_a_currency_that_was_taken_off_the_list() {
    let shop = TestShop::start().await;
    let (root, ada) = (shop.admin("root").await, shop.customer("ada").await);
    let pot = shop.product("POT-1", at(500, "JPY")).await;
    fill_cart(&ada, &pot, 1, None).await;
    root.put(SETTING, json!({"currencies": ["USD"]})).await.is(200);

    let line = ada.get("/v1/cart").await.is(200).json["items"][0].clone();
    assert_eq!(
        (&line["problems"], &line["product"]["name"]),
        (&json!([{"code": "unavailable"}]), &json!("Product POT-1"))
    );
    let quote = ada.post("/v1/checkout/quote", json!({"shippingAddress": address()})).await;
    assert_eq!(quote.is(200).json["problems"][0]["code"], "unavailable");
    ada.checkout("yen").await.is_problem(409, "insufficient_stock");
    ada.add_to_cart(&pot, 1).await.is_problem(404, "not_found");
    assert_eq!((shop.count("orders").await, shop.stock_of("POT-1").await.reserved), (0, 0));

    root.put(SETTING, json!({"currencies": ["USD", "JPY"]})).await.is(200);
    assert_eq!(ada.checkout("yen").await.is(201).json["currency"], "JPY");
}

// M4
#[tokio::test]
async fn a_coupon_with_amounts_applies_in_its_own_currency_alone() {
    let shop = TestShop::start().await;
    let (root, ada) = (shop.admin("root").await, shop.customer("ada").await);
    let mug = shop.product("MUG-1", at(5_000, "USD")).await;
    let pot = shop.product("POT-1", at(5_000, "JPY")).await;
    coupon(&root, "FIXED", json!({"type": "fixed", "value": 1_000})).await;
    coupon(&root, "MINIMUM", json!({"minimumPurchase": 5_000})).await;
    coupon(&root, "MAXIMUM", json!({"maximumDiscount": 100, "currency": "USD"})).await;
    coupon(&root, "YEN", json!({"type": "fixed", "value": 1_000, "currency": "JPY"})).await;
    coupon(&root, "SHARE", json!({})).await;
    let currency_of = async |code: &str| stored(&shop, code).await.currency.map(|currency| currency.to_string());
    assert_eq!(currency_of("MINIMUM").await.as_deref(), Some("USD"));
    assert_eq!(currency_of("SHARE").await, None);

    for (product, accepted, refused) in [
        (&mug, &[("FIXED", 1_000), ("MINIMUM", 500), ("MAXIMUM", 100), ("SHARE", 500)][..], &["YEN"][..]),
        (&pot, &[("YEN", 1_000), ("SHARE", 500)], &["FIXED", "MINIMUM", "MAXIMUM"]),
    ] {
        ada.delete("/v1/cart").await.is(204);
        ada.add_to_cart(product, 1).await.is(200);
        for code in refused {
            let problem = ada.put("/v1/cart/coupon", json!({"code": code})).await;
            assert_eq!(problem.is_problem(422, "coupon_invalid").json["reason"], "not_applicable", "{code}");
        }
        for (code, discount) in accepted {
            let cart = ada.put("/v1/cart/coupon", json!({"code": code})).await;
            assert_eq!(cart.is(200).json["totals"]["discount"], *discount, "{code}");
        }
    }
    // The cart's currency changes below its coupon: the order is refused, not charged without the discount.
    ada.put("/v1/cart/coupon", json!({"code": "YEN"})).await.is(200);
    let line = ada.get("/v1/cart").await.json["items"][0]["id"].as_str().unwrap().to_owned();
    ada.delete(&format!("/v1/cart/items/{line}")).await.is(200);
    ada.add_to_cart(&mug, 1).await.is(200);
    let refused = ada.checkout("dollars").await;
    assert_eq!(refused.is_problem(422, "coupon_invalid").json["reason"], "not_applicable");
    assert_eq!(shop.count("orders").await, 0);
}

// M4
#[tokio::test]
async fn amounts_of_a_coupon_are_in_the_shops_default_currency_unless_it_says_otherwise() {
    let shop = TestShop::start().await;
    let root = shop.admin("root").await;
    root.put(SETTING, json!({"currencies": ["EUR", "USD"]})).await.is(200);
    let path = format!("/v1/coupons/{}", coupon(&root, "SPRING", json!({})).await);
    assert_eq!(root.get(&path).await.is(200).json.get("currency"), None);
    // With the first amount comes the currency, and it stays.
    let changed = root.patch(&path, json!({"minimumPurchase": 100})).await;
    assert_eq!(changed.is(200).json["currency"], "EUR");
    root.put(SETTING, json!({"currencies": ["USD", "EUR"]})).await.is(200);
    assert_eq!(root.patch(&path, json!({"minimumPurchase": 200})).await.is(200).json["currency"], "EUR");
    assert_eq!(root.patch(&path, json!({"currency": "JPY"})).await.is(200).json["currency"], "JPY");
    let refused = root.patch(&path, json!({"currency": null})).await;
    let error = &refused.is_problem(422, "validation_failed").json["errors"][0];
    assert_eq!((&error["pointer"], &error["code"]), (&json!("/currency"), &json!("missing")));
    let cleared = root.patch(&path, json!({"currency": null, "minimumPurchase": null})).await;
    assert_eq!(cleared.is(200).json.get("currency"), None);
}

// M4
#[tokio::test]
async fn a_shipping_method_is_offered_in_its_own_currency_alone() {
    let shop = TestShop::start().await;
    let (root, ada) = (shop.admin("root").await, shop.customer("ada").await);
    root.put(SETTING, json!({"currencies": ["USD", "JPY"]})).await.is(200);
    let table = json!({"zones": [{"name": "world", "countries": ["*"], "methods": [
        {"method": "standard", "price": 500, "freeFrom": 5_000},
        {"method": "standard", "currency": "JPY", "price": 900, "freeFrom": 20_000},
        {"method": "express", "price": 1_500},
    ]}]});
    let stored = root.put("/v1/settings/shipping", table).await.is(200).json.clone();
    assert_eq!(stored["zones"][0]["methods"][0]["currency"], "USD");
    let quote = async |product: &str, quantity: i64, method: &str| {
        ada.delete("/v1/cart").await.is(204);
        ada.add_to_cart(product, quantity).await.is(200);
        let body = json!({"shippingAddress": address(), "shippingMethod": method});
        ada.post("/v1/checkout/quote", body).await.is(200).json.clone()
    };
    let mug = shop.product("MUG-1", at(2_500, "USD")).await;
    let pot = shop.product("POT-1", at(2_500, "JPY")).await;
    assert_eq!(quote(&mug, 1, "standard").await["totals"]["shipping"], 500);
    assert_eq!(quote(&mug, 2, "standard").await["totals"]["shipping"], 0);
    // 5,000 yen are not 50 dollars.
    let yen = quote(&pot, 2, "standard").await;
    assert_eq!(yen["totals"]["shipping"], 900);
    assert_eq!(yen["shippingOptions"].as_array().unwrap().len(), 1);
    assert_eq!(quote(&pot, 8, "standard").await["totals"]["shipping"], 0);
    assert_eq!(quote(&pot, 1, "express").await["problems"][0]["code"], "shipping_unavailable");
    let mut order = tests::people::checkout_body(tests::people::cards::GOOD);
    order["shippingMethod"] = json!("express");
    ada.checkout_with("express", order).await.is_problem(422, "shipping_unavailable");
    assert_eq!(shop.count("orders").await, 0);
}
