use serde_json::json;
use tests::TestShop;

use super::{Guest, lines, only_line};

#[tokio::test]
async fn a_line_is_removed_once() {
    let shop = TestShop::start().await;
    let (mug, pot) = (shop.stock("MUG-1", 5).await, shop.stock("POT-1", 5).await);
    let ada = shop.customer("ada").await;
    let path = format!("/v1/cart/items/{}", only_line(&ada.add_to_cart(&mug, 2).await));
    ada.add_to_cart(&pot, 1).await.is(200);
    ada.request("DELETE", &path).header("if-match", "\"1\"").send().await.is_problem(412, "precondition_failed");
    let removed = ada.request("DELETE", &path).header("if-match", "\"2\"").send().await;
    assert_eq!((lines(&removed), removed.header("etag")), (vec![(pot, 1)], Some("\"3\"")));
    ada.delete(&path).await.is_problem(404, "not_found");
    ada.patch(&path, json!({"quantity": 1})).await.is_problem(404, "not_found");
}

#[tokio::test]
async fn a_line_of_another_cart_is_not_removed() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 5).await;
    let (ada, eve) = (shop.customer("ada").await, shop.customer("eve").await);
    let guest = Guest::with(&shop, &mug, 1).await;
    let path = format!("/v1/cart/items/{}", only_line(&guest.cart().await));
    ada.add_to_cart(&mug, 1).await.is(200);
    for person in [&ada, &eve] {
        person.delete(&path).await.is_problem(404, "not_found");
    }
    shop.request("DELETE", &path).send().await.is_problem(401, "not_authenticated");
    assert_eq!(lines(&guest.cart().await), [(mug, 1)]);
    assert_eq!(lines(&guest.request("DELETE", &path).send().await), []);
}

#[tokio::test]
async fn a_product_that_is_no_longer_sold_can_be_removed() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 5).await;
    let ada = shop.customer("ada").await;
    let path = format!("/v1/cart/items/{}", only_line(&ada.add_to_cart(&mug, 2).await));
    shop.admin("root").await.post(&format!("/v1/products/{mug}/archive"), json!({})).await.is(200);
    assert_eq!(lines(&ada.delete(&path).await), []);
}
