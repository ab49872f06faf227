use futures::future::join_all;
use serde_json::{Value, json};
use tests::TestShop;

use super::{
    lines, shirt,
    wishlist_items::{list, products},
};

#[tokio::test]
async fn moved_products_are_in_the_cart_and_off_the_list() {
    let shop = TestShop::start().await;
    let (mug, pot) = (shop.stock("MUG-1", 50).await, shop.stock("POT-1", 50).await);
    let ada = shop.customer("ada").await;
    let path = list(&ada, "Birthday").await;
    for product in [&mug, &pot] {
        ada.put(&format!("{path}/items/{product}"), json!({})).await.is(200);
    }
    let cart = ada.request("POST", &format!("{path}/items/{mug}/move-to-cart")).send().await;
    assert_eq!((lines(&cart), cart.header("etag")), (vec![(mug.clone(), 1)], Some("\"1\"")));
    assert_eq!(products(&ada.get(&path).await), [pot.as_str()]);
    // Once is enough: the second click finds nothing to move.
    ada.post(&format!("{path}/items/{mug}/move-to-cart"), json!({})).await.is_problem(404, "not_found");

    ada.put(&format!("{path}/items/{mug}"), json!({})).await.is(200);
    let cart = ada.post(&format!("{path}/items/{mug}/move-to-cart"), json!({"quantity": 4})).await;
    assert_eq!(lines(&cart), [(mug, 5)], "it comes to what is there");
    ada.checkout("wished").await.is(201);
    shop.verify().await;
}

#[tokio::test]
async fn products_that_do_not_fit_into_the_cart_stay_on_the_list() {
    let shop = TestShop::start().await;
    let seller = shop.seller("grace").await;
    let mug = shop.product_of(&seller, "MUG-1", json!({"inventory": {"quantity": 3}})).await;
    let gone = shop.product_of(&seller, "POT-1", json!({})).await;
    let yen = shop.product_of(&seller, "JUG-1", json!({"price": {"regular": 500, "currency": "JPY"}})).await;
    let shirt = shirt(&shop).await;
    let ada = shop.customer("ada").await;
    let path = list(&ada, "Birthday").await;
    for product in [&mug, &gone, &yen, &shirt] {
        ada.put(&format!("{path}/items/{product}"), json!({})).await.is(200);
    }
    seller.post(&format!("/v1/products/{gone}/archive"), json!({})).await.is(200);
    ada.add_to_cart(&mug, 1).await.is(200);
    let move_item =
        async |product: &str, body: Value| ada.post(&format!("{path}/items/{product}/move-to-cart"), body).await;

    let short = move_item(&mug, json!({"quantity": 3})).await;
    short.is_problem(409, "insufficient_stock");
    assert_eq!(short.json["available"], 3);
    move_item(&gone, json!({})).await.is_problem(404, "not_found");
    move_item(&yen, json!({})).await.is_problem(422, "currency_mismatch");
    move_item(&shirt, json!({})).await.is_problem(422, "validation_failed");
    for body in [json!({"quantity": 0}), json!({"quantity": 1000}), json!({"variant": 7}), json!({"count": 1})] {
        move_item(&mug, body).await.is_problem(422, "invalid_body");
    }
    assert_eq!(lines(&ada.get("/v1/cart").await), [(mug.clone(), 1)]);
    assert_eq!(products(&ada.get(&path).await), [mug.as_str(), &gone, &yen, &shirt]);

    let cart = move_item(&shirt, json!({"variant": "TEE-M", "quantity": 2})).await;
    assert_eq!(cart.is(200).json["items"][1]["variant"], "TEE-M");
    assert_eq!(products(&ada.get(&path).await), [mug.as_str(), &gone, &yen]);
}

#[tokio::test]
async fn of_concurrent_moves_one_takes_effect() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 50).await;
    let ada = shop.customer("ada").await;
    let (birthday, christmas) = (list(&ada, "Birthday").await, list(&ada, "Christmas").await);
    for path in [&birthday, &christmas] {
        ada.put(&format!("{path}/items/{mug}"), json!({})).await.is(200);
    }
    // From both lists at once, into a cart that has to be made, while others put some in directly.
    let paths = [&birthday, &christmas, &birthday, &christmas, &birthday, &christmas];
    let moves = join_all(paths.map(|path| {
        let path = format!("{path}/items/{mug}/move-to-cart");
        async { ada.request("POST", &{ path }).send().await }
    }));
    let (replies, added) = futures::join!(moves, join_all((0..4).map(|_| ada.add_to_cart(&mug, 1))));
    for reply in &added {
        reply.is(200);
    }
    let (moved, late): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 200);
    assert_eq!(moved.len(), 2);
    for reply in late {
        reply.is_problem(404, "not_found");
    }
    assert_eq!(lines(&ada.get("/v1/cart").await), [(mug, 6)]);
    assert_eq!(shop.count("carts").await, 1);
    shop.verify().await;
}
