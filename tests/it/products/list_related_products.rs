use serde_json::json;
use tests::TestShop;

use super::{all, category};

#[tokio::test]
async fn named_products_come_before_those_of_the_same_category() {
    let shop = TestShop::start().await;
    let grace = shop.seller("grace").await;
    let admin = shop.admin("admin").await;
    category(&admin, "Kitchen", None).await;
    let spoon = shop.product_of(&grace, "SPOON", json!({})).await;
    shop.product_of(&grace, "BOWL", json!({"category": "kitchen"})).await;
    shop.product_of(&grace, "RAKE", json!({})).await;
    let plate = shop.product_of(&grace, "PLATE", json!({"category": "kitchen"})).await;
    let gone = shop.product_of(&grace, "GONE", json!({"category": "kitchen"})).await;
    grace.delete(&format!("/v1/products/{gone}")).await.is(204);
    let mug = shop
        .product_of(
            &grace,
            "MUG",
            json!({"slug": "mug", "category": "kitchen", "relatedProducts": [spoon, plate, gone]}),
        )
        .await;
    for name in [mug.as_str(), "mug"] {
        let mut related = all(&shop.get(&format!("/v1/products/{name}/related")).await, "sku");
        related[..2].sort();
        assert_eq!(related, ["PLATE", "SPOON", "BOWL"]);
    }
    let lonely = shop.product_of(&grace, "LONELY", json!({})).await;
    assert!(all(&shop.get(&format!("/v1/products/{lonely}/related")).await, "sku").is_empty());
}

#[tokio::test]
async fn an_invisible_product_has_no_related_products() {
    let shop = TestShop::start().await;
    shop.get("/v1/products/507f1f77bcf86cd799439011/related").await.is_problem(404, "not_found");
    let grace = shop.seller("grace").await;
    let draft = grace.post("/v1/products", super::draft("MUG-1")).await.is(201).id();
    shop.get(&format!("/v1/products/{draft}/related")).await.is_problem(404, "not_found");
    grace.get(&format!("/v1/products/{draft}/related")).await.is(200);
}
