//! `GET /v1/orders`, and remarks on orders.

use serde_json::json;
use tests::TestShop;

#[tokio::test]
async fn everybody_lists_what_is_theirs_page_by_page() {
    let shop = TestShop::start().await;
    let (grace, eve) = (shop.seller("grace").await, shop.seller("eve").await);
    let mug = shop.product_of(&grace, "MUG-1", json!({})).await;
    let (ada, bob, root) = (shop.customer("ada").await, shop.customer("bob").await, shop.admin("root").await);
    let mut mine = Vec::new();
    for quantity in 1..=3 {
        mine.insert(0, ada.order(&mug, quantity).await.is(201).id());
    }
    bob.order(&mug, 1).await.is(201);

    let first = ada.get("/v1/orders?limit=2&count=true").await;
    let ids = |page: &serde_json::Value| -> Vec<String> {
        page["items"].as_array().unwrap().iter().map(|order| order["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(&first.is(200).json), mine[..2]);
    assert_eq!(first.json["count"], 3);
    let cursor = first.json["nextCursor"].as_str().unwrap();
    let rest = ada.get(&format!("/v1/orders?limit=2&cursor={cursor}")).await;
    assert_eq!(ids(&rest.is(200).json), mine[2..]);
    assert!(rest.json["nextCursor"].is_null());

    assert_eq!(ids(&root.get("/v1/orders").await.json).len(), 4);
    assert_eq!(ids(&grace.get("/v1/orders").await.json).len(), 4);
    assert_eq!(ids(&eve.get("/v1/orders").await.json).len(), 0);
    assert_eq!(ids(&ada.get("/v1/orders?status=cancelled").await.json).len(), 0);
    ada.get("/v1/orders?status=lost").await.is_problem(422, "invalid_query");
}

#[tokio::test]
async fn a_remark_of_the_shop_is_not_the_customers_to_read() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 5).await;
    let (ada, root) = (shop.customer("ada").await, shop.admin("root").await);
    let order = ada.order(&mug, 1).await.is(201).id();
    let noted = root.post(&format!("/v1/orders/{order}/notes"), json!({"text": "Fragile."})).await;
    assert_eq!(noted.is(200).json["notes"]["admin"], "Fragile.");
    assert!(ada.get(&format!("/v1/orders/{order}")).await.json["notes"]["admin"].is_null());
    ada.post(&format!("/v1/orders/{order}/notes"), json!({"text": "Mine."})).await.is_problem(403, "forbidden");
}
