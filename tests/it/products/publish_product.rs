use serde_json::json;
use tests::TestShop;

use super::{category, draft_with};

#[tokio::test]
async fn a_product_is_published_and_counted_once() {
    let shop = TestShop::start().await;
    let (grace, admin) = (shop.seller("grace").await, shop.admin("admin").await);
    category(&admin, "Kitchen", None).await;
    let id = grace.post("/v1/products", draft_with("MUG-1", json!({"category": "kitchen"}))).await.is(201).id();
    let counted = async || shop.get("/v1/categories/kitchen").await.json["productCount"].as_i64().unwrap();
    assert_eq!(counted().await, 0);
    for _ in 0..2 {
        let published = grace.post(&format!("/v1/products/{id}/publish"), json!({})).await;
        assert_eq!(published.is(200).json["status"], "published");
        assert_eq!(counted().await, 1);
    }
    shop.get(&format!("/v1/products/{id}")).await.is(200);
    for _ in 0..2 {
        let archived = admin.post(&format!("/v1/products/{id}/archive"), json!({})).await;
        assert_eq!(archived.is(200).json["status"], "archived");
        assert_eq!(counted().await, 0);
    }
    grace.post(&format!("/v1/products/{id}/publish"), json!({})).await.is(200);
    assert_eq!(counted().await, 1);
}

#[tokio::test]
async fn parallel_publications_are_all_counted() {
    let shop = TestShop::start().await;
    let (grace, admin) = (shop.seller("grace").await, shop.admin("admin").await);
    category(&admin, "Kitchen", None).await;
    let mut ids = Vec::new();
    for number in 0..12 {
        let body = draft_with(&format!("MUG-{number}"), json!({"category": "kitchen"}));
        ids.push(grace.post("/v1/products", body).await.is(201).id());
    }
    futures::future::join_all(ids.iter().map(|id| {
        let grace = grace.clone();
        async move { grace.post(&format!("/v1/products/{id}/publish"), json!({})).await.is(200).status }
    }))
    .await;
    assert_eq!(shop.get("/v1/categories/kitchen").await.json["productCount"], 12);
}

#[tokio::test]
async fn only_its_seller_and_admins_publish_a_product() {
    let shop = TestShop::start().await;
    let grace = shop.seller("grace").await;
    let id = grace.post("/v1/products", draft_with("MUG-1", json!({}))).await.is(201).id();
    let path = format!("/v1/products/{id}/publish");
    shop.post(&path, json!({})).await.is_problem(401, "not_authenticated");
    shop.customer("ada").await.post(&path, json!({})).await.is_problem(403, "forbidden");
    shop.seller("rival").await.post(&path, json!({})).await.is_problem(404, "not_found");
    grace.post("/v1/products/507f1f77bcf86cd799439011/publish", json!({})).await.is_problem(404, "not_found");
    grace.post("/v1/products/x/publish", json!({})).await.is_problem(404, "not_found");
    shop.admin("admin").await.post(&path, json!({})).await.is(200);
}
