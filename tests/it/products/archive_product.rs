use serde_json::json;
use tests::TestShop;

use super::draft;

#[tokio::test]
async fn a_draft_cannot_be_archived() {
    let shop = TestShop::start().await;
    let grace = shop.seller("grace").await;
    let id = grace.post("/v1/products", draft("MUG-1")).await.is(201).id();
    let refused = grace.post(&format!("/v1/products/{id}/archive"), json!({})).await;
    refused.is_problem(409, "illegal_transition");
    assert_eq!(grace.get(&format!("/v1/products/{id}")).await.json["status"], "draft");
}

#[tokio::test]
async fn only_its_seller_and_admins_archive_a_product() {
    let shop = TestShop::start().await;
    let grace = shop.seller("grace").await;
    let id = shop.product_of(&grace, "MUG-1", json!({})).await;
    let path = format!("/v1/products/{id}/archive");
    shop.post(&path, json!({})).await.is_problem(401, "not_authenticated");
    shop.customer("ada").await.post(&path, json!({})).await.is_problem(403, "forbidden");
    shop.seller("rival").await.post(&path, json!({})).await.is_problem(404, "not_found");
    shop.get(&format!("/v1/products/{id}")).await.is(200);
    grace.post(&path, json!({})).await.is(200);
    shop.get(&format!("/v1/products/{id}")).await.is_problem(404, "not_found");
}
