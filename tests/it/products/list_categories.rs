use serde_json::{Value, json};
use tests::TestShop;

use super::category;

fn outline(nodes: &Value) -> String {
    let nodes = nodes.as_array().unwrap();
    nodes.iter().map(|node| format!("{}({})", node["slug"].as_str().unwrap(), outline(&node["children"]))).collect()
}

#[tokio::test]
async fn the_tree_is_sorted_and_hides_inactive_categories() {
    let shop = TestShop::start().await;
    let admin = shop.admin("admin").await;
    let home = category(&admin, "Home", None).await;
    category(&admin, "Kitchen", Some(&home)).await;
    let bath = category(&admin, "Bath", Some("home")).await;
    category(&admin, "Towels", Some("home/bath")).await;
    let first = admin.post("/v1/categories", json!({"name": "Zoo", "order": -1})).await.is(201).id();
    let tree = shop.get("/v1/categories").await;
    assert_eq!(outline(&tree.is(200).json["items"]), "zoo()home(bath(towels())kitchen())");
    let tag = tree.header("etag").unwrap();
    shop.request("GET", "/v1/categories").header("if-none-match", tag).send().await.is(304);

    for id in [&bath, &first] {
        admin.patch(&format!("/v1/categories/{id}"), json!({"isActive": false})).await.is(200);
    }
    assert_eq!(outline(&shop.get("/v1/categories").await.json["items"]), "home(kitchen())");
    assert_eq!(outline(&admin.get("/v1/categories").await.json["items"]), "zoo()home(bath(towels())kitchen())");
}
