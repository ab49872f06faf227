use futures::future::join_all;
use serde_json::{Value, json};
use tests::{Person, Reply, TestShop};

use super::{Guest, coupon, lines, tiles, token_of};

async fn merge(person: &Person, token: &str) -> Reply {
    person.post("/v1/cart/merge", json!({"cartToken": token})).await
}

#[tokio::test]
async fn merged_carts_keep_the_guests_quantity() {
    let shop = TestShop::start().await;
    let (mug, pot, jug) = (shop.stock("MUG-1", 50).await, shop.stock("POT-1", 50).await, shop.stock("JUG-1", 50).await);
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, 9).await.is(200);
    ada.add_to_cart(&pot, 2).await.is(200);
    let guest = Guest::with(&shop, &mug, 3).await;
    guest.add(&jug, 4).await.is(200);

    let merged = merge(&ada, &guest.token).await;
    let expected = [(mug.clone(), 3), (pot, 2), (jug, 4)];
    assert_eq!(lines(&merged), expected);
    guest.cart().await.is_problem(404, "cart_not_found");
    // What was taken over is taken over once.
    ada.add_to_cart(&mug, 1).await.is(200);
    let again = merge(&ada, &guest.token).await;
    assert_eq!((lines(&again)[0].1, again.json["items"].as_array().unwrap().len()), (4, 3));
    assert_eq!(again.header("etag"), Some("\"4\""), "the second merge changed nothing");
    shop.verify().await;
}

#[tokio::test]
async fn a_guest_cart_becomes_the_customers_first_cart() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 50).await;
    let ada = shop.customer("ada").await;
    let guest = Guest::with(&shop, &mug, 3).await;
    assert_eq!(lines(&merge(&ada, &guest.token).await), [(mug.clone(), 3)]);
    // And goes on like any other.
    assert_eq!(lines(&ada.add_to_cart(&mug, 2).await), [(mug.clone(), 5)]);
    ada.checkout("merged").await.is(201);
    shop.verify().await;
}

#[tokio::test]
async fn merged_quantities_are_capped_by_stock() {
    let shop = TestShop::start().await;
    let (mug, pot) = (shop.stock("MUG-1", 5).await, shop.stock("POT-1", 2).await);
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, 1).await.is(200);
    let guest = Guest::with(&shop, &mug, 5).await;
    guest.add(&pot, 2).await.is(200);
    let eve = shop.customer("eve").await;
    eve.order(&mug, 3).await.is(201);
    eve.order(&pot, 2).await.is(201);
    let merged = merge(&ada, &guest.token).await;
    assert_eq!(lines(&merged), [(mug, 2), (pot, 1)], "what is sold out is not lost");
    assert_eq!(merged.json["items"][1]["problems"], json!([{"code": "insufficient_stock", "available": 0}]));
}

#[tokio::test]
async fn carts_with_too_many_lines_are_not_merged() {
    let shop = TestShop::start().await;
    let tiles = tiles(&shop).await;
    let ada = shop.customer("ada").await;
    for tile in &tiles[..60] {
        ada.post("/v1/cart/items", tile.clone()).await.is(200);
    }
    let first = shop.post("/v1/cart/items", tiles[60].clone()).await;
    let guest = Guest { shop: &shop, token: token_of(&first) };
    for tile in &tiles[61..101] {
        guest.request("POST", "/v1/cart/items").json(tile.clone()).send().await.is(200);
    }
    merge(&ada, &guest.token).await.is_problem(409, "cart_full");
    let count = |cart: Reply| lines(&cart).len();
    assert_eq!((count(ada.get("/v1/cart").await), count(guest.cart().await)), (60, 41));
    shop.verify().await;
}

#[tokio::test]
async fn an_unknown_cart_token_changes_nothing() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 50).await;
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, 1).await.is(200);
    for token in ["no-such-token", &"x".repeat(128)] {
        let cart = merge(&ada, token).await;
        assert_eq!((lines(&cart), cart.header("etag")), (vec![(mug.clone(), 1)], Some("\"1\"")));
    }
    let old = Guest::with(&shop, &mug, 7).await;
    shop.clock.advance(shared::domain::cart::GUEST_CART_LIFE);
    assert_eq!(lines(&merge(&ada, &old.token).await), [(mug.clone(), 1)], "it has expired");
    for body in [json!({}), json!({"cartToken": ""}), json!({"cartToken": 7}), json!({"cartToken": "x".repeat(129)})] {
        ada.post("/v1/cart/merge", body).await.is(422);
    }
    let guest = Guest::with(&shop, &mug, 1).await;
    let body = json!({"cartToken": guest.token});
    shop.post("/v1/cart/merge", body.clone()).await.is_problem(401, "not_authenticated");
    guest.request("POST", "/v1/cart/merge").json(body).send().await.is_problem(401, "not_authenticated");
    assert_eq!(lines(&guest.cart().await), [(mug, 1)]);
}

#[tokio::test]
async fn of_concurrent_merges_one_takes_the_guest_cart() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 50).await;
    let (ada, eve) = (shop.customer("ada").await, shop.customer("eve").await);
    let guest = Guest::with(&shop, &mug, 3).await;
    let people = [&ada, &eve, &ada, &eve, &ada, &eve];
    for reply in join_all(people.map(|person| merge(person, &guest.token))).await {
        reply.is(200);
    }
    let mut found = [lines(&ada.get("/v1/cart").await), lines(&eve.get("/v1/cart").await)];
    found.sort();
    assert_eq!(found, [vec![], vec![(mug, 3)]]);
    shop.verify().await;
}

#[tokio::test]
async fn the_guests_coupon_is_kept_unless_the_customer_has_one() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 50).await;
    let admin = shop.admin("root").await;
    for code in ["TEN", "OWN"] {
        coupon(&admin, code, json!({})).await;
    }
    let with_coupon = async || {
        let guest = Guest::with(&shop, &mug, 1).await;
        guest.request("PUT", "/v1/cart/coupon").json(json!({"code": "TEN"})).send().await.is(200);
        guest.token
    };
    let ada = shop.customer("ada").await;
    assert_eq!(merge(&ada, &with_coupon().await).await.is(200).json["coupon"]["code"], "TEN");
    ada.put("/v1/cart/coupon", json!({"code": "OWN"})).await.is(200);
    assert_eq!(merge(&ada, &with_coupon().await).await.is(200).json["coupon"]["code"], "OWN");
}

#[tokio::test]
async fn carts_of_different_currencies_are_not_merged_and_lose_nothing() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 5).await;
    let pot = shop.product("POT-1", json!({"price": {"regular": 500, "currency": "JPY"}})).await;
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, 1).await.is(200);
    let guest = Guest::with(&shop, &pot, 2).await;
    merge(&ada, &guest.token).await.is_problem(422, "currency_mismatch");
    assert_eq!(lines(&ada.get("/v1/cart").await), [(mug, 1)]);
    assert_eq!(lines(&guest.cart().await), [(pot.clone(), 2)]);
    ada.delete("/v1/cart").await.is(204);
    let merged = merge(&ada, &guest.token).await;
    assert_eq!((lines(&merged), &merged.json["totals"]["currency"]), (vec![(pot, 2)], &Value::from("JPY")));
}
