use futures::future::join_all;
use serde_json::json;
use tests::TestShop;

use super::{approve, review_of};

#[tokio::test]
async fn each_customer_has_one_vote() {
    let shop = TestShop::start().await;
    let (ada, bob, admin) = (shop.customer("ada").await, shop.customer("bob").await, shop.admin("admin").await);
    let mug = shop.stock("MUG-1", 5).await;
    let id = review_of(&ada, &mug, 5).await;
    approve(&admin, &id).await;
    let path = format!("/v1/reviews/{id}/helpful");
    let votes = async || shop.get(&format!("/v1/reviews/{id}")).await.json["helpful"]["count"].as_i64().unwrap();
    let clicks = (0..8).map(|_| {
        let (bob, path) = (bob.clone(), path.clone());
        async move { bob.put(&path, json!({})).await.is(204).status }
    });
    join_all(clicks).await;
    assert_eq!(votes().await, 1);
    admin.request("PUT", &path).send().await.is(204);
    assert_eq!(votes().await, 2);
    for _ in 0..2 {
        bob.delete(&path).await.is(204);
        assert_eq!(votes().await, 1);
    }
}

#[tokio::test]
async fn own_and_invisible_reviews_cannot_be_voted_on() {
    let shop = TestShop::start().await;
    let (ada, bob, admin) = (shop.customer("ada").await, shop.customer("bob").await, shop.admin("admin").await);
    let mug = shop.stock("MUG-1", 5).await;
    let id = review_of(&ada, &mug, 5).await;
    let path = format!("/v1/reviews/{id}/helpful");
    for method in ["PUT", "DELETE"] {
        shop.request(method, &path).send().await.is_problem(401, "not_authenticated");
        bob.request(method, &path).send().await.is_problem(404, "not_found");
    }
    approve(&admin, &id).await;
    for method in ["PUT", "DELETE"] {
        ada.request(method, &path).send().await.is_problem(403, "own_review");
    }
    assert_eq!(shop.get(&format!("/v1/reviews/{id}")).await.json["helpful"]["count"], 0);
}
