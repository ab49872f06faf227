use serde_json::{Value, json};
use tests::TestShop;

use super::category;

fn members<'a>(nodes: &'a Value, member: &str) -> Vec<&'a str> {
    nodes.as_array().unwrap().iter().map(|node| node[member].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_category_is_shown_with_its_ancestors_and_children() {
    let shop = TestShop::start().await;
    let admin = shop.admin("admin").await;
    let home = category(&admin, "Home", None).await;
    let kitchen = category(&admin, "Kitchen", Some(&home)).await;
    category(&admin, "Pots", Some(&kitchen)).await;
    category(&admin, "Cups", Some(&kitchen)).await;
    for name in [kitchen.as_str(), "kitchen", "home%2Fkitchen"] {
        let shown = shop.get(&format!("/v1/categories/{name}")).await;
        let view = &shown.is(200).json;
        assert_eq!((&view["path"], &view["level"], &view["parent"]), (&json!("home/kitchen"), &json!(1), &json!(home)));
        assert_eq!(members(&view["children"], "slug"), ["cups", "pots"]);
        assert_eq!(members(&view["breadcrumb"], "path"), ["home", "home/kitchen"]);
    }
}

#[tokio::test]
async fn an_inactive_category_is_shown_to_admins_only() {
    let shop = TestShop::start().await;
    let admin = shop.admin("admin").await;
    let home = category(&admin, "Home", None).await;
    category(&admin, "Kitchen", Some(&home)).await;
    admin.patch(&format!("/v1/categories/{home}"), json!({"isActive": false})).await.is(200);
    for slug in ["home", "kitchen", "no-such", "507f1f77bcf86cd799439011", "%24gt"] {
        shop.get(&format!("/v1/categories/{slug}")).await.is_problem(404, "not_found");
    }
    admin.get("/v1/categories/kitchen").await.is(200);
}
