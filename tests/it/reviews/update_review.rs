use serde_json::{Value, json};
use tests::TestShop;

use super::{approve, rating, review_of};

#[tokio::test]
async fn a_changed_review_is_moderated_again_and_not_counted_meanwhile() {
    let shop = TestShop::start().await;
    let (ada, admin) = (shop.customer("ada").await, shop.admin("admin").await);
    let mug = shop.stock("MUG-1", 5).await;
    let id = review_of(&ada, &mug, 5).await;
    approve(&admin, &id).await;
    let path = format!("/v1/reviews/{id}");
    let same = ada.patch(&path, json!({"rating": 5})).await;
    assert_eq!((&same.is(200).json["status"], rating(&shop, &mug).await), (&json!("approved"), (5.0, 1)));
    let changed = ada.patch(&path, json!({"rating": 2, "title": "It broke"})).await;
    assert_eq!((&changed.is(200).json["status"], rating(&shop, &mug).await), (&json!("pending"), (0.0, 0)));
    approve(&admin, &id).await;
    assert_eq!(rating(&shop, &mug).await, (2.0, 1));
    let cleared = ada.patch(&path, json!({"title": null})).await;
    assert_eq!((&cleared.is(200).json["title"], &cleared.json["rating"]), (&Value::Null, &json!(2)));
}

#[tokio::test]
async fn only_its_author_changes_a_review() {
    let shop = TestShop::start().await;
    let ada = shop.customer("ada").await;
    let mug = shop.stock("MUG-1", 5).await;
    let path = format!("/v1/reviews/{}", review_of(&ada, &mug, 5).await);
    let change = json!({"rating": 1});
    shop.request("PATCH", &path).json(change.clone()).send().await.is_problem(401, "not_authenticated");
    shop.customer("bob").await.patch(&path, change.clone()).await.is_problem(404, "not_found");
    shop.admin("admin").await.patch(&path, change).await.is_problem(404, "not_found");
    for (change, code, pointer) in [
        (json!({"rating": null}), "invalid_body", "/rating"),
        (json!({"rating": 9}), "invalid_body", "/rating"),
        (json!({"productId": mug}), "invalid_body", "/productId"),
        (json!({"title": " "}), "validation_failed", "/title"),
    ] {
        let refused = ada.patch(&path, change.clone()).await;
        assert_eq!(refused.is_problem(422, code).json["errors"][0]["pointer"], pointer, "{change}");
    }
    assert_eq!(ada.get(&path).await.json["rating"], 5);
}
