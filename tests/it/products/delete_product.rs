use serde_json::json;
use tests::TestShop;

use super::{draft_with, shirt};

#[tokio::test]
async fn a_published_product_is_archived_instead_of_deleted() {
    let shop = TestShop::start().await;
    let grace = shop.seller("grace").await;
    let id = shop.product_of(&grace, "MUG-1", json!({})).await;
    let path = format!("/v1/products/{id}");
    for _ in 0..2 {
        grace.delete(&path).await.is(204);
    }
    shop.get(&path).await.is_problem(404, "not_found");
    assert_eq!(grace.get(&path).await.is(200).json["status"], "archived");
    shop.stock_of("MUG-1").await;
}

#[tokio::test]
async fn a_deleted_draft_frees_its_slug_and_sku() {
    let shop = TestShop::start().await;
    let grace = shop.seller("grace").await;
    let id = grace.post("/v1/products", shirt("TEE")).await.is(201).id();
    grace.delete(&format!("/v1/products/{id}")).await.is(204);
    assert_eq!((shop.count("products").await, shop.count("inventory").await), (0, 0));
    grace.delete(&format!("/v1/products/{id}")).await.is_problem(404, "not_found");
    grace.post("/v1/products", draft_with("TEE-S", json!({"slug": "product-tee"}))).await.is(201);
}

#[tokio::test]
async fn only_its_seller_and_admins_delete_a_product() {
    let shop = TestShop::start().await;
    let id = shop.stock("MUG-1", 1).await;
    let path = format!("/v1/products/{id}");
    shop.request("DELETE", &path).send().await.is_problem(401, "not_authenticated");
    shop.customer("ada").await.delete(&path).await.is_problem(403, "forbidden");
    shop.seller("rival").await.delete(&path).await.is_problem(404, "not_found");
    shop.get(&path).await.is(200);
    shop.admin("admin").await.delete(&path).await.is(204);
}
