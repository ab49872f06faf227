//! `GET /v1/reports/low-stock`

use serde_json::json;
use tests::TestShop;

#[tokio::test]
async fn low_stock_is_reported_scarcest_first() {
    let shop = TestShop::start().await;
    let (admin, grace, eve) = (shop.admin("root").await, shop.seller("grace").await, shop.seller("eve").await);
    let stock = |quantity: i64| json!({"inventory": {"quantity": quantity, "lowStockThreshold": 5}});
    let gone = shop.product_of(&grace, "GONE", stock(0)).await;
    let low = shop.product_of(&grace, "LOW", stock(5)).await;
    shop.product_of(&grace, "PLENTY", stock(6)).await;
    let shirt = json!({
        "inventory": {"lowStockThreshold": 5},
        "options": [{"name": "Size", "values": ["S", "M"]}],
        "variants": [
            {"sku": "TEE-S", "choices": {"Size": "S"}, "quantity": 3},
            {"sku": "TEE-M", "choices": {"Size": "M"}, "quantity": 50},
        ],
    });
    let tee = shop.product_of(&eve, "TEE", shirt).await;
    let archived = shop.product_of(&eve, "OLD", stock(1)).await;
    eve.post(&format!("/v1/products/{archived}/archive"), json!({})).await.is(200);
    let draft = json!({"name": "Draft", "sku": "DRAFT", "description": "Not yet.", "price": {"regular": 1}});
    grace.post("/v1/products", draft).await.is(201);

    let row = |id: &str, sku: &str, of: &str, available: i64| {
        let product =
            json!({"id": id, "slug": format!("product-{}", of.to_lowercase()), "name": format!("Product {of}")});
        json!({"product": product, "sku": sku, "available": available, "threshold": 5})
    };
    let (gone, low, tee) = (row(&gone, "GONE", "GONE", 0), row(&low, "LOW", "LOW", 5), row(&tee, "TEE-S", "TEE", 3));
    let path = "/v1/reports/low-stock";
    assert_eq!(admin.get(path).await.is(200).json, json!({"items": [gone, tee, low]}));
    assert_eq!(admin.get(&format!("{path}?limit=2")).await.is(200).json, json!({"items": [gone, tee]}));
    assert_eq!(grace.get(path).await.is(200).json, json!({"items": [gone, low]}));
    assert_eq!(eve.get(path).await.is(200).json, json!({"items": [tee]}));
}
