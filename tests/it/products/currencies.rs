//! The currencies of prices: which the shop sells in, and which are compared.

use products::import::import_line;
use serde_json::{Value, json};
use shared::app::import_products::RowOutcome;
use tests::TestShop;

use super::{all, draft_with};

fn priced(sku: &str, currency: &str) -> Value {
    draft_with(sku, json!({"price": {"regular": 1000, "currency": currency}}))
}

// M3
#[tokio::test]
async fn a_product_is_priced_in_a_currency_that_the_shop_sells_in() {
    let shop = TestShop::start().await;
    let (root, grace) = (shop.admin("root").await, shop.seller("grace").await);
    let mug = grace.post("/v1/products", priced("MUG-1", "USD")).await.is(201).id();
    let mug = format!("/v1/products/{mug}");
    // Money, but not what this shop takes; and no money at all.
    for (code, problem, reason) in [
        ("EUR", "validation_failed", "unavailable"),
        ("ZZZ", "invalid_body", "invalid"),
        ("XXX", "invalid_body", "invalid"),
        ("BTC", "invalid_body", "invalid"),
        ("XAU", "invalid_body", "invalid"),
        ("CLF", "invalid_body", "invalid"),
    ] {
        let created = grace.post("/v1/products", priced("MUG-2", code)).await;
        let changed = grace.patch(&mug, json!({"price": {"currency": code}})).await;
        for refused in [created, changed] {
            let error = &refused.is_problem(422, problem).json["errors"][0];
            assert_eq!((&error["pointer"], &error["code"]), (&json!("/price/currency"), &json!(reason)), "{code}");
        }
        let row = priced("MUG-2", code).to_string();
        let imported = import_line(shop.store(), grace.id, &row, shop.clock.now()).await.unwrap();
        let RowOutcome::Rejected(reasons) = imported else { panic!("{code} was imported: {imported:?}") };
        assert!(reasons[0].starts_with("price.currency: "), "{reasons:?}");
    }
    assert_eq!(shop.count("products").await, 1);

    root.put("/v1/settings/currencies", json!({"currencies": ["EUR", "JPY"]})).await.is(200);
    assert_eq!(grace.post("/v1/products", priced("MUG-2", "JPY")).await.is(201).json["price"]["currency"], "JPY");
    // A price that names no currency is in the shop's default.
    let usual = grace.post("/v1/products", draft_with("MUG-3", json!({}))).await;
    assert_eq!(usual.is(201).json["price"]["currency"], "EUR");
    let row = draft_with("MUG-4", json!({})).to_string();
    let imported = import_line(shop.store(), grace.id, &row, shop.clock.now()).await.unwrap();
    let RowOutcome::Created(id) = imported else { panic!("not created: {imported:?}") };
    assert_eq!(shop.find_product(&id.to_string()).await.price.currency.code(), "EUR");
    // What was priced before can be renamed, and repriced only in a currency of the shop.
    grace.patch(&mug, json!({"name": "An old mug"})).await.is(200);
    let refused = grace.patch(&mug, json!({"price": {"regular": 900}})).await;
    assert_eq!(refused.is_problem(422, "validation_failed").json["errors"][0]["pointer"], "/price/currency");
    grace.patch(&mug, json!({"price": {"regular": 900, "currency": "EUR"}})).await.is(200);
}

// M4
#[tokio::test]
async fn prices_are_filtered_and_sorted_within_one_currency() {
    let shop = TestShop::start().await;
    for (sku, regular, currency) in
        [("A", 900, "USD"), ("B", 100, "USD"), ("C", 500, "VND"), ("D", 5_000, "VND"), ("E", 700, "EUR")]
    {
        shop.product(sku, json!({"price": {"regular": regular, "currency": currency}})).await;
    }
    for (query, expected) in [
        ("sort=price", "BA"),
        ("sort=-price", "AB"),
        ("maxPrice=600", "B"),
        ("minPrice=600", "A"),
        ("sort=price&currency=VND", "CD"),
        ("maxPrice=600&currency=VND", "C"),
        ("minPrice=1&currency=EUR&sort=name", "E"),
        ("minPrice=1&currency=JPY", ""),
        // Without a comparison of prices the currency leaves nothing out.
        ("sort=name", "ABCDE"),
        ("sort=name&currency=VND", "ABCDE"),
    ] {
        let page = shop.get(&format!("/v1/products?count=true&{query}")).await;
        assert_eq!(all(&page, "sku").concat(), expected, "{query}");
        assert_eq!(page.json["count"], expected.len(), "{query}");
    }
    for code in ["XXX", "usd"] {
        let refused = shop.get(&format!("/v1/products?sort=price&currency={code}")).await;
        assert_eq!(refused.is_problem(422, "invalid_query").json["errors"][0]["pointer"], "/currency", "{code}");
    }
    // The shop's default, not always dollars.
    let root = shop.admin("root").await;
    root.put("/v1/settings/currencies", json!({"currencies": ["VND", "USD"]})).await.is(200);
    assert_eq!(all(&shop.get("/v1/products?sort=price").await, "sku").concat(), "CD");
}
