//! The tables that tax and shipping are priced by.

use serde_json::{Value, json};
use tests::TestShop;

use super::{address_in, is_for_admins_only};

fn tax() -> Value {
    json!({
        "pricesIncludeTax": false,
        "rows": [
            {"country": "US", "state": null, "rateBp": 0, "taxShipping": false},
            {"country": "US", "state": "CA", "rateBp": 725, "taxShipping": true},
            {"country": "DE", "state": null, "rateBp": 1900, "taxShipping": true},
        ],
    })
}

fn shipping() -> Value {
    json!({"zones": [
        {"name": "domestic", "countries": ["US"], "methods": [
            {"method": "standard", "currency": "USD", "price": 500, "pricePerKg": 100, "freeFrom": 5000, "estimatedDays": 5},
            {"method": "express", "currency": "USD", "price": 1500, "pricePerKg": 0, "freeFrom": null, "estimatedDays": null},
        ]},
        {"name": "world", "countries": ["*"], "methods": [
            {"method": "standard", "currency": "USD", "price": 2500, "pricePerKg": 0, "freeFrom": null, "estimatedDays": 14},
        ]},
        // Nothing is sent there, although it lies in the world.
        {"name": "embargo", "countries": ["AQ"], "methods": []},
    ]})
}

#[tokio::test]
async fn a_shop_starts_without_tax_and_with_flat_rates() {
    let shop = TestShop::start().await;
    let admin = shop.admin("root").await;
    assert_eq!(admin.get("/v1/settings/tax").await.is(200).json, json!({"pricesIncludeTax": false, "rows": []}));
    let zones = admin.get("/v1/settings/shipping").await.is(200).json["zones"].clone();
    assert_eq!((&zones[0]["countries"], &zones[0]["methods"][0]["price"]), (&json!(["*"]), &json!(500)));
}

#[tokio::test]
async fn a_table_is_replaced_as_a_whole_and_prices_the_next_quote() {
    let shop = TestShop::start().await;
    let (admin, ada) = (shop.admin("root").await, shop.customer("ada").await);
    let mug = shop.product("MUG-1", json!({"dimensions": {"weight": 1.5}})).await;
    ada.add_to_cart(&mug, 2).await.is(200);
    for _ in 0..2 {
        assert_eq!(admin.put("/v1/settings/tax", tax()).await.is(200).json, tax());
        assert_eq!(admin.put("/v1/settings/shipping", shipping()).await.is(200).json, shipping());
    }
    assert_eq!(admin.get("/v1/settings/tax").await.json, tax());
    assert_eq!(admin.get("/v1/settings/shipping").await.json, shipping());

    let quote = async |country: &str, state: &str| {
        let body = json!({"shippingAddress": address_in(country, state), "shippingMethod": "standard"});
        ada.post("/v1/checkout/quote", body).await.is(200).json.clone()
    };
    // 2000 goods; 3 kg: 500 + 3 × 100 shipping; 7.25 % of both.
    assert_eq!(quote("US", "ca").await["totals"]["tax"], 145 + 58);
    assert_eq!(quote("US", "ca").await["totals"]["total"], 2000 + 800 + 203);
    assert_eq!(quote("US", "NY").await["totals"]["tax"], 0);
    let german = quote("DE", "").await;
    assert_eq!(german["totals"]["total"], 2000 + 2500 + 380 + 475);
    assert_eq!(german["shippingOptions"], json!([{"method": "standard", "price": 2500, "estimatedDays": 14}]));
    assert_eq!(quote("AQ", "").await["problems"][0]["code"], "shipping_unavailable");

    // What is not in the next table is gone; what may be absent is.
    let inclusive = json!({"pricesIncludeTax": true, "rows": [{"country": "DE", "rateBp": 1900}]});
    let replaced = admin.put("/v1/settings/tax", inclusive).await.is(200).json.clone();
    let row = json!({"country": "DE", "state": null, "rateBp": 1900, "taxShipping": false});
    assert_eq!(replaced, json!({"pricesIncludeTax": true, "rows": [row]}));
    let german = quote("DE", "").await;
    assert_eq!((&german["totals"]["tax"], &german["totals"]["total"]), (&json!(319), &json!(4500)));
    assert_eq!(quote("US", "CA").await["totals"]["tax"], 0);
}

#[tokio::test]
async fn a_contradictory_table_is_refused_and_changes_nothing() {
    let shop = TestShop::start().await;
    let admin = shop.admin("root").await;
    admin.put("/v1/settings/tax", tax()).await.is(200);
    admin.put("/v1/settings/shipping", shipping()).await.is(200);
    let rows = |rows: Value| json!({"pricesIncludeTax": false, "rows": rows});
    let zone = |name: &str, countries: Value| json!({"name": name, "countries": countries, "methods": []});
    let rate = |rate: Value| json!({"zones": [{"name": "a", "countries": ["US"], "methods": [rate]}]});
    let standard = json!({"method": "standard", "price": 1});
    for (path, body, code, pointer) in [
        ("tax", json!({"rows": []}), "invalid_body", "/pricesIncludeTax"),
        ("tax", json!({"pricesIncludeTax": false}), "invalid_body", "/rows"),
        ("tax", rows(json!([{"country": "Narnia", "rateBp": 1}])), "validation_failed", "/rows/0/country"),
        ("tax", rows(json!([{"country": "US", "state": "XX", "rateBp": 1}])), "validation_failed", "/rows/0/state"),
        ("tax", rows(json!([{"country": "XX", "rateBp": 1}])), "validation_failed", "/rows/0/country"),
        ("tax", rows(json!([{"country": "US", "rateBp": -1}])), "validation_failed", "/rows/0/rateBp"),
        ("tax", rows(json!([{"country": "US", "rateBp": 10_001}])), "validation_failed", "/rows/0/rateBp"),
        ("tax", rows(json!([{"country": "US", "rateBp": 7.25}])), "invalid_body", "/rows/0/rateBp"),
        ("tax", rows(json!([{"country": "US", "state": " ", "rateBp": 1}])), "validation_failed", "/rows/0/state"),
        ("tax", rows(json!([{"country": "US", "rateBp": 1, "rate": 1}])), "invalid_body", "/rows/0/rate"),
        (
            "tax",
            rows(
                json!([{"country": "US", "state": "CA", "rateBp": 1}, {"country": "US", "state": " ca", "rateBp": 2}]),
            ),
            "validation_failed",
            "/rows/1",
        ),
        ("shipping", json!({}), "invalid_body", "/zones"),
        ("shipping", json!({"zones": [zone("a", json!([]))]}), "validation_failed", "/zones/0/countries"),
        ("shipping", json!({"zones": [zone("", json!(["US"]))]}), "validation_failed", "/zones/0/name"),
        ("shipping", json!({"zones": [zone("a", json!(["**"]))]}), "validation_failed", "/zones/0/countries/0"),
        (
            "shipping",
            json!({"zones": [zone("a", json!(["*"])), zone("b", json!(["US", "*"]))]}),
            "validation_failed",
            "/zones/1/countries/1",
        ),
        (
            "shipping",
            json!({"zones": [zone("a", json!(["US"])), zone("A", json!(["*"]))]}),
            "validation_failed",
            "/zones/1/name",
        ),
        ("shipping", rate(json!({"method": "pigeon", "price": 1})), "invalid_body", "/zones/0/methods/0/method"),
        (
            "shipping",
            rate(json!({"method": "express", "price": 1, "currency": "XXX"})),
            "invalid_body",
            "/zones/0/methods/0/currency",
        ),
        ("shipping", rate(json!({"method": "express"})), "invalid_body", "/zones/0/methods/0/price"),
        ("shipping", rate(json!({"method": "express", "price": -1})), "validation_failed", "/zones/0/methods/0/price"),
        (
            "shipping",
            rate(json!({"method": "express", "price": 1, "pricePerKg": i64::MAX})),
            "validation_failed",
            "/zones/0/methods/0/pricePerKg",
        ),
        (
            "shipping",
            rate(json!({"method": "express", "price": 1, "freeFrom": -1})),
            "validation_failed",
            "/zones/0/methods/0/freeFrom",
        ),
        (
            "shipping",
            json!({"zones": [{"name": "a", "countries": ["US"], "methods": [standard, standard]}]}),
            "validation_failed",
            "/zones/0/methods/1/method",
        ),
    ] {
        let refused = admin.put(&format!("/v1/settings/{path}"), body.clone()).await;
        let problem = &refused.is_problem(422, code).json;
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}: {problem}");
    }
    assert_eq!(admin.get("/v1/settings/tax").await.json, tax());
    assert_eq!(admin.get("/v1/settings/shipping").await.json, shipping());
}

#[tokio::test]
async fn only_administrators_may_read_or_change_settings() {
    let shop = TestShop::start().await;
    let requests = [
        ("GET", "/v1/settings/tax", Value::Null),
        ("PUT", "/v1/settings/tax", tax()),
        ("GET", "/v1/settings/shipping", Value::Null),
        ("PUT", "/v1/settings/shipping", shipping()),
        ("GET", "/v1/settings/currencies", Value::Null),
        ("PUT", "/v1/settings/currencies", json!({"currencies": ["EUR"]})),
    ];
    is_for_admins_only(&shop, &requests).await;
    // The harness has set the bank account.
    assert_eq!(shop.count("settings").await, 1);
}
