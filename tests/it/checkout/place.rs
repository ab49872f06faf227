//! What an order is made of, and what stands in its way.

use serde_json::{Value, json};
use tests::{
    TestShop,
    people::{address, cards, checkout_body},
};

use super::{address_in, by_transfer, coupon, guest_checkout, guest_with};

fn product_at(regular: i64, currency: &str) -> Value {
    json!({"price": {"regular": regular, "currency": currency}})
}

#[tokio::test]
async fn a_product_that_changed_its_currency_is_no_longer_sold_in_the_old_one() {
    let shop = TestShop::start().await;
    let grace = shop.seller("grace").await;
    let mug = shop.product_of(&grace, "MUG-1", product_at(1000, "JPY")).await;
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, 1).await.is(200);
    grace.patch(&format!("/v1/products/{mug}"), product_at(1000, "USD")).await.is(200);

    let cart = ada.get("/v1/cart").await;
    assert_eq!(cart.is(200).json["items"][0]["problems"], json!([{"code": "unavailable"}]));
    assert_eq!((&cart.json["totals"]["total"], &cart.json["totals"]["currency"]), (&json!(0), &json!("JPY")));
    ada.checkout("yen").await.is_problem(409, "insufficient_stock");
    assert_eq!((shop.count("orders").await, shop.stock_of("MUG-1").await.reserved), (0, 0));
    // Out with it, and in again.
    let line = cart.json["items"][0]["id"].as_str().unwrap();
    ada.delete(&format!("/v1/cart/items/{line}")).await.is(200);
    let placed = ada.order(&mug, 1).await;
    assert_eq!((&placed.is(201).json["currency"], &placed.json["pricing"]["total"]), (&json!("USD"), &json!(1500)));
}

#[tokio::test]
async fn a_line_that_is_no_longer_sold_still_says_what_it_was() {
    let shop = TestShop::start().await;
    let grace = shop.seller("grace").await;
    let mug = shop.product_of(&grace, "MUG-1", json!({})).await;
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, 1).await.is(200);
    grace.post(&format!("/v1/products/{mug}/archive"), json!({})).await.is(200);
    let cart = ada.get("/v1/cart").await;
    let line = &cart.is(200).json["items"][0];
    assert_eq!((&line["product"]["name"], &line["subtotal"]), (&json!("Product MUG-1"), &json!(0)));
    assert_eq!((&line["problems"], &line["available"]), (&json!([{"code": "unavailable"}]), &json!(0)));
}

#[tokio::test]
async fn a_free_order_needs_no_payment_method() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 5).await;
    let ada = shop.customer("ada").await;
    let mut body = checkout_body(cards::GOOD);
    body["payment"] = json!({"method": "credit_card"});
    ada.add_to_cart(&mug, 1).await.is(200);
    let refused = ada.checkout_with("owed", body.clone()).await;
    assert_eq!(refused.is_problem(422, "validation_failed").json["errors"][0]["pointer"], "/payment/token");
    assert_eq!((shop.count("orders").await, shop.stock_of("MUG-1").await.reserved), (0, 0));
    // The key is still free: now there is something to charge.
    ada.checkout("owed").await.is(201);

    let fields = json!({"price": {"regular": 0, "currency": "USD"}, "shipping": {"freeShipping": true}});
    let leaflet = shop.product("LEAFLET", fields).await;
    ada.add_to_cart(&leaflet, 1).await.is(200);
    let free = ada.checkout_with("free", body).await;
    assert_eq!((&free.is(201).json["status"], &free.json["pricing"]["total"]), (&json!("confirmed"), &json!(0)));
    shop.deliver_everything().await;
    shop.verify().await;
}

#[tokio::test]
async fn a_card_number_is_refused_as_a_token() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 5).await;
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, 1).await.is(200);
    for number in ["4242424242424242", "4242 4242 4242 4242", "3782-822463-10005"] {
        let refused = ada.checkout_with("card", checkout_body(number)).await;
        assert_eq!(refused.is_problem(422, "raw_card_data_refused").json["errors"][0]["pointer"], "/payment/token");
        assert!(!refused.json.to_string().contains("4242"), "it is said again: {}", refused.json);
    }
    let placed = ada.checkout_with("card", checkout_body(cards::DECLINED)).await.is(201).id();
    shop.deliver_everything().await;
    let payment = shop.payment_of(&placed).await.id;
    let again = ada.request("POST", &format!("/v1/payments/{payment}/confirm")).key("again");
    let refused = again.json(json!({"token": "4242424242424242"})).send().await;
    assert_eq!(refused.is_problem(422, "raw_card_data_refused").json["errors"][0]["pointer"], "/token");
    assert_eq!(shop.count("payments").await, 1);
}

#[tokio::test]
async fn a_reused_key_is_refused_before_the_other_request_is_validated() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 5).await;
    let ada = shop.customer("ada").await;
    ada.order(&mug, 1).await.is(201);
    ada.add_to_cart(&mug, 1).await.is(200);
    ada.checkout("key").await.is(201);
    let mut other = checkout_body(cards::GOOD);
    other["payment"] = json!({"method": "credit_card"});
    ada.checkout_with("key", other).await.is_problem(422, "idempotency_key_reused");
}

#[tokio::test]
async fn a_guests_ordered_cart_is_empty_and_an_unknown_token_has_none() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 5).await;
    let token = guest_with(&shop, &mug, 1, None).await;
    guest_checkout(&shop, &token, "guest@example.test", by_transfer()).await.is(201);
    let mut body = by_transfer();
    body["email"] = json!("guest@example.test");
    let again =
        |token: String| shop.request("POST", "/v1/checkout").cart(&token).key("again").json(body.clone()).send();
    again(token).await.is_problem(409, "cart_empty");
    again("A".repeat(43)).await.is_problem(404, "cart_not_found");
}

#[tokio::test]
async fn a_quote_and_its_order_normalise_the_address_alike() {
    let shop = TestShop::start().await;
    let root = shop.admin("root").await;
    let rows = json!([{"country": "US", "state": "CA", "rateBp": 725}]);
    root.put("/v1/settings/tax", json!({"pricesIncludeTax": false, "rows": rows})).await.is(200);
    let mug = shop.stock("MUG-1", 5).await;
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, 1).await.is(200);
    let place = json!({"country": "US", "state": " CA "});
    let asked = json!({"shippingAddress": place, "shippingMethod": "standard"});
    let quote = ada.post("/v1/checkout/quote", asked).await;
    assert_eq!(quote.is(200).json["totals"]["tax"], 72);
    let mut body = checkout_body(cards::GOOD);
    body["shippingAddress"]["state"] = json!(" CA ");
    body["expectedTotal"] = quote.json["totals"]["total"].clone();
    ada.checkout_with("mine", body).await.is(201);
}

#[tokio::test]
async fn an_outdated_total_is_refused_with_the_current_one() {
    let shop = TestShop::start().await;
    let grace = shop.seller("grace").await;
    let mug = shop.product_of(&grace, "MUG-1", json!({})).await;
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, 2).await.is(200);
    let shown = |total: i64| {
        let mut body = checkout_body(cards::GOOD);
        body["expectedTotal"] = json!(total);
        body
    };
    grace.patch(&format!("/v1/products/{mug}"), product_at(1200, "USD")).await.is(200);
    for (key, total) in [("before", 2500), ("off-by-one", 2899), ("free", 0)] {
        let refused = ada.checkout_with(key, shown(total)).await;
        let quote = &refused.is_problem(409, "price_changed").json["quote"];
        assert_eq!((&quote["totals"]["total"], &quote["lines"][0]["unitPrice"]), (&json!(2900), &json!(1200)));
    }
    for total in [-1, i64::MIN] {
        let refused = ada.checkout_with("negative", shown(total)).await;
        let error = &refused.is_problem(422, "validation_failed").json["errors"][0];
        assert_eq!((&error["pointer"], &error["code"]), (&json!("/expectedTotal"), &json!("out_of_range")));
    }
    assert_eq!((shop.count("orders").await, shop.stock_of("MUG-1").await.reserved), (0, 0));
    // A refusal uses no key up.
    let placed = ada.checkout_with("before", shown(2900)).await;
    assert_eq!(placed.is(201).json["pricing"]["total"], 2900);
    shop.verify().await;
}

#[tokio::test]
async fn an_order_ships_to_a_given_or_saved_address_of_its_customer() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 5).await;
    let (ada, eve) = (shop.customer("ada").await, shop.customer("eve").await);
    let mut saved = address();
    saved["type"] = json!("shipping");
    saved["city"] = json!("Oakland");
    let saved = ada.post("/v1/auth/me/addresses", saved).await.is(201).id();
    let mut body = checkout_body(cards::GOOD);
    body["addressId"] = json!(saved);
    for (person, both) in [(&ada, true), (&eve, false)] {
        person.add_to_cart(&mug, 1).await.is(200);
        if !both {
            body.as_object_mut().unwrap().remove("shippingAddress");
        }
        let refused = person.checkout_with("refused", body.clone()).await;
        let code = if both { "validation_failed" } else { "unknown_reference" };
        assert_eq!(refused.is_problem(422, code).json["errors"][0]["pointer"], "/addressId");
    }
    let mut neither = body.clone();
    neither.as_object_mut().unwrap().remove("addressId");
    let refused = ada.checkout_with("neither", neither).await;
    assert_eq!(refused.is_problem(422, "validation_failed").json["errors"][0]["pointer"], "/shippingAddress");

    let mut invoice = address();
    invoice["fullName"] = json!("Analytical Engines Ltd");
    body["billingAddress"] = invoice;
    let placed = ada.checkout_with("mine", body).await;
    assert_eq!(placed.is(201).json["shippingAddress"]["city"], "Oakland");
    assert_eq!(placed.json["billingAddress"]["fullName"], "Analytical Engines Ltd");
    assert_eq!(placed.json["billingAddress"]["city"], "San Francisco");
}

#[tokio::test]
async fn an_order_outside_every_shipping_zone_is_refused() {
    let shop = TestShop::start().await;
    let root = shop.admin("root").await;
    let standard = json!([{"method": "standard", "price": 500, "pricePerKg": 0, "estimatedDays": 5}]);
    let zones = json!({"zones": [{"name": "domestic", "countries": ["US"], "methods": standard}]});
    root.put("/v1/settings/shipping", zones).await.is(200);
    let mug = shop.stock("MUG-1", 5).await;
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, 1).await.is(200);
    for (country, method) in [("DE", "standard"), ("US", "express")] {
        let mut body = checkout_body(cards::GOOD);
        body["shippingAddress"] = address_in(country, "");
        body["shippingMethod"] = json!(method);
        ada.checkout_with("order", body).await.is_problem(422, "shipping_unavailable");
    }
    assert_eq!((shop.count("orders").await, shop.stock_of("MUG-1").await.reserved), (0, 0));
    ada.checkout("order").await.is(201);
}

#[tokio::test]
async fn a_quote_explains_its_discounts() {
    let shop = TestShop::start().await;
    let root = shop.admin("root").await;
    coupon(&root, "TEN", json!({})).await;
    let mug = shop.stock("MUG-1", 5).await;
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, 1).await.is(200);
    for (code, amount, reason) in
        [("ten", 100, "10 % off 1000; 1 of 1 lines are eligible"), ("NOPE", 0, "there is no such coupon")]
    {
        let asked = json!({"shippingAddress": {"country": "US"}, "couponCode": code});
        let quote = ada.post("/v1/checkout/quote", asked).await;
        let first = &quote.is(200).json["explanation"][0];
        assert_eq!(
            first,
            &json!({"rule": "coupon", "subject": code.to_uppercase(), "amount": amount, "reason": reason})
        );
    }
}
