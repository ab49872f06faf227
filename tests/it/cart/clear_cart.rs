use serde_json::{Value, json};
use tests::TestShop;

use super::{Guest, coupon, lines};

#[tokio::test]
async fn a_cart_is_emptied_with_its_coupon() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 50).await;
    coupon(&shop.admin("root").await, "TEN", json!({})).await;
    let (ada, eve) = (shop.customer("ada").await, shop.customer("eve").await);
    ada.add_to_cart(&mug, 2).await.is(200);
    eve.add_to_cart(&mug, 3).await.is(200);
    ada.put("/v1/cart/coupon", json!({"code": "TEN"})).await.is(200);
    ada.request("DELETE", "/v1/cart").header("if-match", "\"1\"").send().await.is_problem(412, "precondition_failed");
    ada.delete("/v1/cart").await.is(204);
    // Emptying what is empty is fine.
    ada.delete("/v1/cart").await.is(204);
    let cart = ada.get("/v1/cart").await;
    assert_eq!((lines(&cart), &cart.json["coupon"]), (vec![], &Value::Null));
    assert_eq!(lines(&eve.get("/v1/cart").await), [(mug.clone(), 3)]);

    let guest = Guest::with(&shop, &mug, 1).await;
    guest.request("DELETE", "/v1/cart").send().await.is(204);
    assert_eq!(lines(&guest.cart().await), [], "an empty cart keeps its token");
    assert_eq!(lines(&guest.add(&mug, 2).await), [(mug, 2)]);
    shop.request("DELETE", "/v1/cart").send().await.is_problem(401, "not_authenticated");
    shop.request("DELETE", "/v1/cart").cart("no-such-token").send().await.is_problem(404, "cart_not_found");
}
