use futures::future::join_all;
use serde_json::{Value, json};
use tests::TestShop;

use super::{Guest, UNKNOWN_HASH, line, lines, quantity_of, shirt, tiles, token_of};

#[tokio::test]
async fn the_same_product_is_one_line() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 10).await;
    let ada = shop.customer("ada").await;
    let first = ada.add_to_cart(&mug, 2).await;
    assert_eq!(first.is(200).header("etag"), Some("\"1\""));
    let second = ada.add_to_cart(&mug, 3).await;
    assert_eq!(lines(&second), [(mug, 5)]);
    assert_eq!(second.json["items"][0]["id"], first.json["items"][0]["id"]);
    assert_eq!(shop.stock_of("MUG-1").await.available, 10, "a cart holds nothing back");
}

#[tokio::test]
async fn each_variant_is_a_line_and_has_to_be_chosen() {
    let shop = TestShop::start().await;
    let (shirt, mug) = (shirt(&shop).await, shop.stock("MUG-1", 5).await);
    let ada = shop.customer("ada").await;
    let add = async |product: &str, variant: Value| {
        ada.post("/v1/cart/items", json!({"productId": product, "variant": variant, "quantity": 1})).await
    };
    for (product, variant) in
        [(&shirt, Value::Null), (&shirt, json!("TEE")), (&shirt, json!("MUG-1")), (&mug, json!("TEE-S"))]
    {
        let refused = add(product, variant).await;
        refused.is_problem(422, "validation_failed");
        assert_eq!(refused.json["errors"][0]["pointer"], "/variant");
    }
    add(&shirt, json!("TEE-S")).await.is(200);
    add(&shirt, json!("TEE-M")).await.is(200);
    add(&shirt, json!("TEE-S")).await.is(200);
    // What has no variants may be called by its own SKU.
    let cart = add(&mug, json!("MUG-1")).await;
    let items = cart.is(200).json["items"].as_array().unwrap().clone();
    let seen: Vec<(&Value, i64)> = items.iter().map(|item| (&item["variant"], quantity_of(item))).collect();
    assert_eq!(seen, [(&json!("TEE-S"), 2), (&json!("TEE-M"), 1), (&Value::Null, 1)]);
}

#[tokio::test]
async fn a_guests_first_write_answers_with_a_token_and_only_that() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 10).await;
    let first = shop.post("/v1/cart/items", line(&mug, 1)).await;
    let token = token_of(&first);
    assert_eq!(first.header("x-cart-token"), Some(token.as_str()));
    assert_eq!(token.len(), 43, "256 bits");
    let guest = Guest { shop: &shop, token };
    let second = guest.add(&mug, 2).await;
    assert_eq!(lines(&second), [(mug.clone(), 3)]);
    assert!(second.json.get("cartToken").is_none() && second.header("x-cart-token").is_none());
    // A request without the token is another guest.
    assert_ne!(token_of(&shop.post("/v1/cart/items", line(&mug, 1)).await), guest.token);
    let unknown = shop.request("POST", "/v1/cart/items").cart("no-such-token").json(line(&mug, 1)).send().await;
    unknown.is_problem(404, "cart_not_found");
    assert_eq!(shop.count("carts").await, 2);
}

#[tokio::test]
async fn thirty_concurrent_additions_of_one_product_add_up() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 1000).await;
    let ada = shop.customer("ada").await;
    // From nothing: the first one makes the cart, and all others find it.
    join_all((1..=30).map(|quantity| {
        let (ada, mug) = (ada.clone(), mug.clone());
        async move { ada.add_to_cart(&mug, quantity).await.is(200).status }
    }))
    .await;
    let cart = ada.get("/v1/cart").await;
    assert_eq!(lines(&cart), [(mug.clone(), 465)]);
    assert_eq!((&cart.json["version"], shop.count("carts").await), (&json!(30), 1));

    let guest = Guest::with(&shop, &mug, 1).await;
    join_all((0..30).map(|_| async { guest.add(&mug, 1).await.is(200).status })).await;
    assert_eq!(lines(&guest.cart().await), [(mug, 31)]);
    shop.verify().await;
}

#[tokio::test]
async fn thirty_concurrent_products_are_thirty_lines() {
    let shop = TestShop::start().await;
    let seller = shop.seller("grace").await;
    let products = join_all((0..30).map(|number| {
        let (shop, seller) = (&shop, &seller);
        async move { shop.product_of(seller, &format!("MUG-{number}"), json!({})).await }
    }))
    .await;
    let ada = shop.customer("ada").await;
    join_all(products.iter().map(|product| async { ada.add_to_cart(product, 1).await.is(200).status })).await;
    let mut expected: Vec<(String, i64)> = products.into_iter().map(|product| (product, 1)).collect();
    let mut found = lines(&ada.get("/v1/cart").await);
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn unavailable_products_cannot_be_added() {
    let shop = TestShop::start().await;
    let seller = shop.seller("grace").await;
    let mug = shop.product_of(&seller, "MUG-1", json!({"inventory": {"quantity": 3}})).await;
    let gone = shop.product_of(&seller, "POT-1", json!({})).await;
    seller.post(&format!("/v1/products/{gone}/archive"), json!({})).await.is(200);
    let draft = json!({
        "sku": "JUG-1", "name": "Jug", "description": "A thing that is sold in tests.", "price": {"regular": 1000},
    });
    let draft = seller.post("/v1/products", draft).await.is(201).id();
    let ada = shop.customer("ada").await;
    for product in [UNKNOWN_HASH, &gone, &draft] {
        ada.add_to_cart(product, 1).await.is_problem(404, "not_found");
        shop.post("/v1/cart/items", line(product, 1)).await.is_problem(404, "not_found");
    }
    let short = ada.add_to_cart(&mug, 4).await;
    short.is_problem(409, "insufficient_stock");
    assert_eq!(short.json["available"], 3);
    ada.add_to_cart(&mug, 2).await.is(200);
    ada.add_to_cart(&mug, 2).await.is_problem(409, "insufficient_stock");
    assert_eq!(lines(&ada.get("/v1/cart").await), [(mug, 2)], "what was refused changed nothing");
    assert_eq!(shop.count("carts").await, 1, "a guest who got nothing has no cart");
}

#[tokio::test]
async fn a_line_has_from_1_to_999_units() {
    let shop = TestShop::start().await;
    let backorder = json!({"inventory": {"quantity": 0, "allowBackorder": true}});
    let mug = shop.product("MUG-1", backorder).await;
    let ada = shop.customer("ada").await;
    for quantity in [json!(0), json!(-1), json!(1000), json!(1.5), json!("2"), json!(null), json!(1e30)] {
        let refused = ada.post("/v1/cart/items", json!({"productId": mug, "quantity": quantity})).await;
        refused.is(422);
        assert_eq!(refused.json["errors"][0]["pointer"], "/quantity", "{quantity}: {}", refused.json);
    }
    let cart = ada.add_to_cart(&mug, 998).await;
    assert_eq!(cart.is(200).json["items"][0]["available"], 999, "as many as anybody wants");
    ada.add_to_cart(&mug, 1).await.is(200);
    let refused = ada.add_to_cart(&mug, 1).await;
    refused.is_problem(422, "validation_failed");
    assert_eq!(refused.json["errors"][0]["pointer"], "/quantity");
    assert_eq!(lines(&ada.get("/v1/cart").await), [(mug, 999)]);
}

#[tokio::test]
async fn an_invalid_request_is_refused() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 5).await;
    let ada = shop.customer("ada").await;
    for body in [
        json!({"quantity": 1}),
        json!({"productId": mug}),
        json!({"productId": "mug", "quantity": 1}),
        json!({"productId": {"$gt": ""}, "quantity": 1}),
        json!({"productId": mug, "quantity": 1, "price": 1}),
        json!({"productId": mug, "quantity": 1, "variant": "a b"}),
    ] {
        ada.post("/v1/cart/items", body).await.is_problem(422, "invalid_body");
    }
    let raw = |content_type, body: &'static str| ada.request("POST", "/v1/cart/items").raw(content_type, body).send();
    raw("application/json", "{").await.is_problem(400, "malformed_json");
    raw("text/plain", "{}").await.is_problem(415, "unsupported_media_type");
}

#[tokio::test]
async fn a_cart_takes_a_hundred_lines() {
    let shop = TestShop::start().await;
    let tiles = tiles(&shop).await;
    let ada = shop.customer("ada").await;
    let add = async |tile: &Value| ada.post("/v1/cart/items", tile.clone()).await;
    for tile in &tiles[..100] {
        add(tile).await.is(200);
    }
    add(&tiles[100]).await.is_problem(409, "cart_full");
    add(&tiles[0]).await.is(200);
    assert_eq!(ada.get("/v1/cart").await.json["items"].as_array().unwrap().len(), 100);
}

#[tokio::test]
async fn a_cart_has_one_currency() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 5).await;
    let pot = shop.product("POT-1", json!({"price": {"regular": 500, "currency": "JPY"}})).await;
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, 1).await.is(200);
    ada.add_to_cart(&pot, 1).await.is_problem(422, "currency_mismatch");
    ada.delete("/v1/cart").await.is(204);
    let cart = ada.add_to_cart(&pot, 1).await;
    assert_eq!((&cart.is(200).json["totals"]["currency"], lines(&cart)), (&json!("JPY"), vec![(pot, 1)]));
}

#[tokio::test]
async fn if_match_binds_a_change_to_a_version() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 50).await;
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, 1).await.is(200);
    let add = async |expected: &str| {
        ada.request("POST", "/v1/cart/items").header("if-match", expected).json(line(&mug, 1)).send().await
    };
    add("\"1\"").await.is(200);
    let stale = add("\"1\"").await;
    stale.is_problem(412, "precondition_failed");
    assert_eq!(stale.json["version"], 2);
    for nonsense in ["\"mine\"", "2", "W/\"2\"", "\"98\", \"99\"", "\"1, 2\""] {
        add(nonsense).await.is_problem(412, "precondition_failed");
    }
    add("\"99\", \"2\"").await.is(200);
    // Of several who saw the same, one is right.
    let replies = join_all((0..8).map(|_| add("\"3\""))).await;
    let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412, 412, 412, 412, 412]);
    assert_eq!(lines(&ada.get("/v1/cart").await), [(mug, 4)]);
}
