use serde_json::json;
use tests::TestShop;

use super::{all, shirt};

#[tokio::test]
async fn each_sku_has_its_record() {
    let shop = TestShop::start().await;
    let grace = shop.seller("grace").await;
    let mug = shop.product_of(&grace, "MUG-1", json!({"inventory": {"quantity": 5}})).await;
    shop.customer("ada").await.order(&mug, 2).await.is(201);
    let stock = grace.get(&format!("/v1/products/{mug}/inventory")).await;
    let record = &stock.is(200).json["items"][0];
    for (member, value) in [("onHand", 5), ("reserved", 2), ("available", 3)] {
        assert_eq!(record[member], value, "{member}");
    }
    assert_eq!((&record["sku"], &record["allowBackorder"]), (&json!("MUG-1"), &json!(false)));
    assert!(record["updatedAt"].is_string());

    let tee = grace.post("/v1/products", shirt("TEE")).await.is(201).id();
    let mut skus = all(&grace.get(&format!("/v1/products/{tee}/inventory")).await, "sku");
    skus.sort();
    assert_eq!(skus, ["TEE-M", "TEE-S"]);
}

#[tokio::test]
async fn only_its_seller_and_admins_see_the_stock() {
    let shop = TestShop::start().await;
    let id = shop.stock("MUG-1", 1).await;
    let path = format!("/v1/products/{id}/inventory");
    shop.get(&path).await.is_problem(401, "not_authenticated");
    shop.customer("ada").await.get(&path).await.is_problem(403, "forbidden");
    shop.seller("rival").await.get(&path).await.is_problem(404, "not_found");
    shop.admin("admin").await.get(&path).await.is(200);
}
