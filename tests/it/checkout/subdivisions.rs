//! Countries and subdivisions as people write them, and the tax that depends on them.

use serde_json::{Value, json};
use tests::{
    Person, TestShop,
    people::{cards, checkout_body},
};

use super::{address_in, fill_cart};

async fn tax(root: &Person, rows: Value) -> Value {
    let table = json!({"pricesIncludeTax": false, "rows": rows});
    root.put("/v1/settings/tax", table).await.is(200).json["rows"].clone()
}

async fn quoted_tax(buyer: &Person, country: &str, state: &str) -> Value {
    let place = json!({"country": country, "state": state});
    let quote = buyer.post("/v1/checkout/quote", json!({"shippingAddress": place})).await;
    quote.is(200).json["totals"]["tax"].clone()
}

// M5
#[tokio::test]
async fn a_subdivision_is_taxed_however_it_is_written() {
    let shop = TestShop::start().await;
    let (root, ada) = (shop.admin("root").await, shop.customer("ada").await);
    let rows = json!([
        {"country": "USA", "state": "California", "rateBp": 725},
        {"country": "US", "state": "New York", "rateBp": 400},
        {"country": "Canada", "state": "Qué.", "rateBp": 1497},
        {"country": "ES", "rateBp": 2100},
        {"country": "ES", "state": "Canary Islands", "rateBp": 700},
        {"country": "JP", "state": "東京都", "rateBp": 1000},
        {"country": "IN", "state": "MH", "rateBp": 1800},
        {"country": "AU", "state": "nsw", "rateBp": 1100},
    ]);
    let stored = tax(&root, rows).await;
    let places: Vec<(&str, Option<&str>)> = stored.as_array().unwrap().iter().map(place_of).collect();
    assert_eq!(places[..4], [("US", Some("CA")), ("US", Some("NY")), ("CA", Some("QC")), ("ES", None)]);
    assert_eq!(places[4..], [("ES", Some("CN")), ("JP", Some("13")), ("IN", Some("MH")), ("AU", Some("NSW"))]);

    let mug = shop.product("MUG-1", json!({"price": {"regular": 10_000}})).await;
    fill_cart(&ada, &mug, 1, None).await;
    for (country, state, expected) in [
        ("US", "CA", 725),
        ("US", "ca", 725),
        ("US", "US-CA", 725),
        ("US", "California", 725),
        ("us", "Calif.", 725),
        ("United States", "CALIFORNIA", 725),
        ("US", "N.Y.", 400),
        ("US", "Texas", 0),
        ("CA", "Quebec", 1497),
        ("CA", "Ont.", 0),
        // Las Palmas lies in the Canary Islands, Barcelona does not.
        ("ES", "Las Palmas", 700),
        ("ES", "Barcelona", 2100),
        ("JP", "Tokyo", 1000),
        ("IN", "Maharashtra", 1800),
        ("AU", "New South Wales", 1100),
        ("DE", "", 0),
    ] {
        assert_eq!(quoted_tax(&ada, country, state).await, expected, "{country}: {state}");
    }
}

fn place_of(row: &Value) -> (&str, Option<&str>) {
    (row["country"].as_str().unwrap(), row["state"].as_str())
}

// M5
#[tokio::test]
async fn addresses_are_kept_with_the_codes_of_country_and_subdivision() {
    let shop = TestShop::start().await;
    let (root, ada) = (shop.admin("root").await, shop.customer("ada").await);
    tax(&root, json!([{"country": "US", "state": "CA", "rateBp": 725}])).await;
    let mug = shop.product("MUG-1", json!({"price": {"regular": 10_000}})).await;

    let mut entry = address_in("United States of America", "Calif.");
    entry["type"] = json!("both");
    let saved = ada.post("/v1/auth/me/addresses", entry.clone()).await;
    assert_eq!((&saved.is(201).json["country"], &saved.json["state"]), (&json!("US"), &json!("CA")));
    entry["state"] = json!("us-ca");
    let path = format!("/v1/auth/me/addresses/{}", saved.id());
    assert_eq!(ada.put(&path, entry).await.is(200).json["state"], "CA");

    fill_cart(&ada, &mug, 1, None).await;
    let mut by_id = checkout_body(cards::GOOD);
    by_id.as_object_mut().unwrap().remove("shippingAddress");
    by_id["addressId"] = json!(saved.id());
    assert_eq!(ada.checkout_with("saved", by_id).await.is(201).json["pricing"]["tax"], 725);

    fill_cart(&ada, &mug, 1, None).await;
    let mut written = checkout_body(cards::GOOD);
    written["shippingAddress"] = address_in("USA", "california");
    written["billingAddress"] = address_in("Deutschland", "Bavaria");
    let order = ada.checkout_with("written", written).await.is(201).json.clone();
    assert_eq!(order["pricing"]["tax"], 725);
    assert_eq!(
        (&order["shippingAddress"]["country"], &order["shippingAddress"]["state"]),
        (&json!("US"), &json!("CA"))
    );
    assert_eq!((&order["billingAddress"]["country"], &order["billingAddress"]["state"]), (&json!("DE"), &json!("BY")));
}

// M5
#[tokio::test]
async fn an_unknown_subdivision_is_refused_and_a_missing_one_where_the_tax_depends_on_it() {
    let shop = TestShop::start().await;
    let (root, ada) = (shop.admin("root").await, shop.customer("ada").await);
    let mug = shop.product("MUG-1", json!({})).await;
    fill_cart(&ada, &mug, 1, None).await;
    let at_checkout = async |country: &str, state: &str| {
        let mut body = checkout_body(cards::GOOD);
        body["shippingAddress"] = address_in(country, state);
        ada.checkout_with(&format!("to-{country}-{state}"), body).await
    };
    for (country, state, field) in
        [("US", "Narnia", "state"), ("DE", "CA", "state"), ("CA", "California", "state"), ("Narnia", "", "country")]
    {
        let place = json!({"shippingAddress": {"country": country, "state": state}});
        let quote = ada.post("/v1/checkout/quote", place).await;
        for refused in [quote, at_checkout(country, state).await] {
            let errors = &refused.is_problem(422, "validation_failed").json["errors"];
            assert_eq!(errors[0]["pointer"], format!("/shippingAddress/{field}"), "{country}: {errors}");
        }
    }
    let refused = at_checkout("US", "Narnia").await.json["errors"][0].clone();
    assert_eq!(refused["code"], "unknown_value");
    assert!(refused["message"].as_str().unwrap().contains("CA, CO, CT"), "{refused}");

    // Without a row for a state, an address without one is complete; with one, the tax cannot be told.
    tax(&root, json!([{"country": "DE", "rateBp": 1900}, {"country": "US", "state": "CA", "rateBp": 725}])).await;
    let quote = ada.post("/v1/checkout/quote", json!({"shippingAddress": {"country": "US"}})).await;
    assert_eq!(quote.is(200).json["problems"], json!([{"code": "state_required"}]));
    let refused = at_checkout("US", "").await;
    let error = &refused.is_problem(422, "validation_failed").json["errors"][0];
    assert_eq!((&error["pointer"], &error["code"]), (&json!("/shippingAddress/state"), &json!("missing")));
    assert_eq!((shop.count("orders").await, shop.stock_of("MUG-1").await.reserved), (0, 0));
    // Honest addresses: without a state, in a city that is a country, and where there are no subdivisions.
    for (country, state, stored) in [("DE", "", ""), ("SG", "Singapore", ""), ("HK", "Kowloon", "Kowloon")] {
        fill_cart(&ada, &mug, 1, None).await;
        let order = at_checkout(country, state).await;
        assert_eq!(order.is(201).json["shippingAddress"]["state"], stored, "{country}");
    }
}
