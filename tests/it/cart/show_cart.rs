use serde_json::{Value, json};
use tests::{TestShop, cards, people::checkout_body};

use super::{Guest, lines, shirt};

#[tokio::test]
async fn a_cart_shows_its_lines_and_totals() {
    let shop = TestShop::start().await;
    let images = json!([{"url": "https://images.example/mug.webp"}]);
    let fields = json!({"price": {"regular": 1000, "sale": 800, "currency": "USD"}, "images": images});
    let mug = shop.product("MUG-1", fields).await;
    let shirt = shirt(&shop).await;
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, 2).await.is(200);
    ada.post("/v1/cart/items", json!({"productId": shirt, "variant": "TEE-M", "quantity": 1})).await.is(200);

    let cart = ada.get("/v1/cart").await;
    let view = &cart.is(200).json;
    assert_eq!(cart.header("etag"), Some("\"2\""));
    assert_eq!(view["version"], 2);
    assert!(view.get("cartToken").is_none() && cart.header("x-cart-token").is_none(), "{view}");
    let first = &view["items"][0];
    assert_eq!(
        first["product"],
        json!({
            "id": mug, "slug": "product-mug-1", "name": "Product MUG-1", "image": "https://images.example/mug.webp"
        })
    );
    assert_eq!((&first["variant"], &first["unitPrice"], &first["subtotal"]), (&Value::Null, &json!(800), &json!(1600)));
    assert_eq!((&first["available"], &first["problems"]), (&json!(100), &json!([])));
    let second = &view["items"][1];
    assert_eq!(
        (&second["variant"], &second["unitPrice"], &second["available"]),
        (&json!("TEE-M"), &json!(1150), &json!(5))
    );
    assert_eq!(
        view["totals"],
        json!({"subtotal": 2750, "discount": 0, "shipping": 0, "tax": 0, "total": 2750, "currency": "USD"})
    );
    assert_eq!((&view["coupon"], &view["problems"]), (&Value::Null, &json!([])));
    shop.verify().await;
}

#[tokio::test]
async fn a_customer_without_a_cart_sees_an_empty_one() {
    let shop = TestShop::start().await;
    let cart = shop.customer("ada").await.get("/v1/cart").await;
    assert_eq!((&cart.is(200).json["items"], &cart.json["totals"]["total"]), (&json!([]), &json!(0)));
    assert_eq!(cart.header("etag"), Some("\"0\""));
    assert_eq!(shop.count("carts").await, 0, "looking makes nothing");
}

#[tokio::test]
async fn changes_since_a_line_was_added_are_reported() {
    let shop = TestShop::start().await;
    let seller = shop.seller("grace").await;
    let mug = shop.product_of(&seller, "MUG-1", json!({"inventory": {"quantity": 5}})).await;
    let pot = shop.product_of(&seller, "POT-1", json!({})).await;
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, 4).await.is(200);
    ada.add_to_cart(&pot, 1).await.is(200);

    seller.patch(&format!("/v1/products/{mug}"), json!({"price": {"regular": 1250}})).await.is(200);
    let adjustment = json!({"sku": "MUG-1", "delta": -2, "reason": "broken"});
    let path = format!("/v1/products/{mug}/inventory/adjustments");
    seller.request("POST", &path).key("broken").json(adjustment).send().await.is(200);
    seller.post(&format!("/v1/products/{pot}/archive"), json!({})).await.is(200);

    let cart = ada.get("/v1/cart").await.is(200).json.clone();
    assert_eq!(
        cart["items"][0]["problems"],
        json!([{"code": "insufficient_stock", "available": 3}, {"code": "price_changed", "was": 1000, "now": 1250}])
    );
    assert_eq!((&cart["items"][0]["unitPrice"], &cart["items"][0]["available"]), (&json!(1250), &json!(3)));
    let gone = &cart["items"][1];
    assert_eq!(
        gone["product"],
        json!({"id": pot, "slug": "product-pot-1", "name": "Product POT-1", "image": null}),
        "who had it in the cart may know what it was"
    );
    assert_eq!((&gone["problems"], &gone["available"]), (&json!([{"code": "unavailable"}]), &json!(0)));
    assert_eq!((&gone["subtotal"], &cart["totals"]["total"]), (&json!(0), &json!(5000)));
    ada.checkout("with-problems").await.is_problem(409, "insufficient_stock");

    seller.post(&format!("/v1/products/{pot}/publish"), json!({})).await.is(200);
    let cart = ada.get("/v1/cart").await;
    assert_eq!(cart.json["items"][1]["problems"], json!([]), "what is for sale again is good again");
}

#[tokio::test]
async fn a_first_time_visitor_has_an_empty_cart() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 5).await;
    let cart = shop.get("/v1/cart").await;
    assert_eq!((&cart.is(200).json["items"], &cart.json["totals"]["total"]), (&json!([]), &json!(0)));
    assert_eq!((&cart.json["version"], cart.header("etag")), (&json!(0), Some("\"0\"")));
    assert!(cart.json.get("cartToken").is_none() && cart.header("x-cart-token").is_none(), "{}", cart.json);
    assert_eq!(cart.header("cache-control"), Some("no-store"));
    assert_eq!(shop.count("carts").await, 0, "a read creates no cart");

    let item = json!({"productId": mug, "quantity": 1});
    let add = |expected: &str| shop.request("POST", "/v1/cart/items").header("if-match", expected).json(item.clone());
    add("\"1\"").send().await.is_problem(412, "precondition_failed");
    let added = add("\"0\"").send().await;
    assert!(added.is(200).json["cartToken"].is_string(), "{}", added.json);
    assert_eq!(lines(&shop.get("/v1/cart").await), [], "the cart needs its token");
}

#[tokio::test]
async fn a_cart_requires_an_access_token_or_a_cart_token() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 5).await;
    let guest = Guest::with(&shop, &mug, 1).await;
    shop.request("GET", "/v1/cart").bearer("forged").send().await.is_problem(401, "invalid_token");
    for token in ["no-such-token", &"x".repeat(129), "not a token"] {
        shop.request("GET", "/v1/cart").cart(token).send().await.is_problem(404, "cart_not_found");
    }
    // What rests in the database opens nothing.
    let stored = shop.store().database().collection::<bson::Document>("carts").find_one(bson::doc! {}).await.unwrap();
    let hash = stored.unwrap().get_str("sessionId").unwrap().to_owned();
    assert_ne!(hash, guest.token);
    shop.request("GET", "/v1/cart").cart(&hash).send().await.is_problem(404, "cart_not_found");
}

#[tokio::test]
async fn each_customer_has_their_own_cart() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 50).await;
    let (ada, eve) = (shop.customer("ada").await, shop.customer("eve").await);
    let guest = Guest::with(&shop, &mug, 7).await;
    ada.add_to_cart(&mug, 1).await.is(200);
    assert_eq!(lines(&eve.get("/v1/cart").await), []);
    // A customer gets their own cart and any cart token is ignored.
    assert_eq!(lines(&eve.request("GET", "/v1/cart").cart(&guest.token).send().await), []);
    assert_eq!(lines(&ada.get("/v1/cart").await), [(mug.clone(), 1)]);
    assert_eq!(lines(&guest.cart().await), [(mug, 7)]);
}

#[tokio::test]
async fn an_ordered_cart_is_not_shown_again() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 5).await;
    let ada = shop.customer("ada").await;
    ada.order(&mug, 1).await.is(201);
    assert_eq!(lines(&ada.get("/v1/cart").await), []);
    assert_eq!(lines(&ada.add_to_cart(&mug, 2).await), [(mug.clone(), 2)], "the next cart begins empty");

    let guest = Guest::with(&shop, &mug, 1).await;
    let mut body = checkout_body(cards::GOOD);
    body["email"] = json!("guest@example.test");
    guest.request("POST", "/v1/checkout").key("guest").json(body).send().await.is(201);
    guest.cart().await.is_problem(404, "cart_not_found");
    guest.add(&mug, 1).await.is_problem(404, "cart_not_found");
    shop.verify().await;
}
