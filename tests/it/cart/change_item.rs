use futures::future::join_all;
use serde_json::json;
use tests::TestShop;

use super::{Guest, UNKNOWN_HASH, lines, only_line};

#[tokio::test]
async fn a_line_takes_the_given_quantity() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 10).await;
    let ada = shop.customer("ada").await;
    let item = only_line(&ada.add_to_cart(&mug, 2).await);
    let path = format!("/v1/cart/items/{item}");
    let changed = ada.patch(&path, json!({"quantity": 7})).await;
    assert_eq!((lines(&changed), changed.header("etag")), (vec![(mug.clone(), 7)], Some("\"2\"")));
    // Saying it again says nothing new.
    assert_eq!(lines(&ada.patch(&path, json!({"quantity": 7})).await), [(mug.clone(), 7)]);

    let guest = Guest::with(&shop, &mug, 1).await;
    let item = only_line(&guest.cart().await);
    let changed = guest.request("PATCH", &format!("/v1/cart/items/{item}")).json(json!({"quantity": 3})).send().await;
    assert_eq!(lines(&changed), [(mug, 3)]);
}

#[tokio::test]
async fn an_invalid_request_is_refused() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 10).await;
    let ada = shop.customer("ada").await;
    let path = format!("/v1/cart/items/{}", only_line(&ada.add_to_cart(&mug, 2).await));
    for body in
        [json!({"quantity": 0}), json!({"quantity": 1000}), json!({"quantity": "3"}), json!({}), json!({"q": 1})]
    {
        ada.patch(&path, body).await.is_problem(422, "invalid_body");
    }
    assert_eq!(lines(&ada.get("/v1/cart").await), [(mug, 2)]);
}

#[tokio::test]
async fn a_line_cannot_exceed_the_stock_but_can_shrink() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 5).await;
    let ada = shop.customer("ada").await;
    let path = format!("/v1/cart/items/{}", only_line(&ada.add_to_cart(&mug, 5).await));
    let short = ada.patch(&path, json!({"quantity": 6})).await;
    short.is_problem(409, "insufficient_stock");
    assert_eq!(short.json["available"], 5);
    // Another buyer has ordered four of them.
    shop.customer("eve").await.order(&mug, 4).await.is(201);
    ada.patch(&path, json!({"quantity": 3})).await.is(200);
    ada.patch(&path, json!({"quantity": 4})).await.is_problem(409, "insufficient_stock");
}

#[tokio::test]
async fn a_line_of_another_cart_is_not_found() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 50).await;
    let (ada, eve) = (shop.customer("ada").await, shop.customer("eve").await);
    let adas = format!("/v1/cart/items/{}", only_line(&ada.add_to_cart(&mug, 2).await));
    eve.add_to_cart(&mug, 1).await.is(200);
    let guest = Guest::with(&shop, &mug, 1).await;
    let body = json!({"quantity": 9});
    eve.patch(&adas, body.clone()).await.is_problem(404, "not_found");
    guest.request("PATCH", &adas).json(body.clone()).send().await.is_problem(404, "not_found");
    shop.request("PATCH", &adas).json(body.clone()).send().await.is_problem(401, "not_authenticated");
    shop.request("PATCH", &adas).cart("no-such").json(body.clone()).send().await.is_problem(404, "cart_not_found");
    for id in [UNKNOWN_HASH, "x"] {
        ada.patch(&format!("/v1/cart/items/{id}"), body.clone()).await.is_problem(404, "not_found");
    }
    assert_eq!(lines(&ada.get("/v1/cart").await), [(mug, 2)]);
}

#[tokio::test]
async fn if_match_binds_a_change_to_a_version() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 50).await;
    let ada = shop.customer("ada").await;
    let path = format!("/v1/cart/items/{}", only_line(&ada.add_to_cart(&mug, 1).await));
    let change = async |quantity: i64| {
        ada.request("PATCH", &path).header("if-match", "\"1\"").json(json!({"quantity": quantity})).send().await
    };
    let replies = join_all((2..=6).map(change)).await;
    let winners: Vec<_> = replies.iter().filter(|reply| reply.status == 200).collect();
    assert_eq!(winners.len(), 1);
    replies.iter().filter(|reply| reply.status != 200).for_each(|reply| {
        reply.is_problem(412, "precondition_failed");
    });
    assert_eq!(lines(&ada.get("/v1/cart").await), lines(winners[0]));
}

#[tokio::test]
async fn changing_a_line_accepts_its_new_price() {
    let shop = TestShop::start().await;
    let grace = shop.seller("grace").await;
    let mug = shop.product_of(&grace, "MUG-1", json!({})).await;
    let ada = shop.customer("ada").await;
    let path = format!("/v1/cart/items/{}", only_line(&ada.add_to_cart(&mug, 2).await));
    let dearer = json!({"price": {"regular": 1200, "currency": "USD"}});
    grace.patch(&format!("/v1/products/{mug}"), dearer).await.is(200);
    let told = json!([{"code": "price_changed", "was": 1000, "now": 1200}]);
    assert_eq!(ada.get("/v1/cart").await.is(200).json["items"][0]["problems"], told);
    let changed = ada.patch(&path, json!({"quantity": 2})).await;
    assert_eq!(changed.is(200).json["items"][0]["problems"], json!([]));
    // What is no longer sold may still become less, and not more.
    grace.post(&format!("/v1/products/{mug}/archive"), json!({})).await.is(200);
    ada.patch(&path, json!({"quantity": 3})).await.is_problem(409, "insufficient_stock");
    ada.patch(&path, json!({"quantity": 1})).await.is(200);
}
