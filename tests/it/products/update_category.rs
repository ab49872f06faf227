use futures::future::join_all;
use serde_json::{Value, json};
use tests::TestShop;

use super::{all, category};

#[tokio::test]
async fn the_descendants_of_a_category_move_with_it() {
    let shop = TestShop::start().await;
    let admin = shop.admin("admin").await;
    let home = category(&admin, "Home", None).await;
    let kitchen = category(&admin, "Kitchen", Some(&home)).await;
    category(&admin, "Pots", Some(&kitchen)).await;
    category(&admin, "Garden", None).await;
    let grace = shop.seller("grace").await;
    shop.product_of(&grace, "POT", json!({"category": "pots"})).await;
    shop.product_of(&grace, "SPOON", json!({"category": "kitchen"})).await;
    let in_category =
        async |slug: &str| all(&shop.get(&format!("/v1/products?sort=name&category={slug}")).await, "sku");
    assert_eq!(in_category("home").await, ["POT", "SPOON"]);

    let path = format!("/v1/categories/{kitchen}");
    let moved = admin.patch(&path, json!({"parent": "garden", "slug": "outdoor-kitchen"})).await;
    assert_eq!(moved.is(200).json["path"], "garden/outdoor-kitchen");
    let pots = shop.get("/v1/categories/pots").await.json;
    assert_eq!((&pots["path"], &pots["level"]), (&json!("garden/outdoor-kitchen/pots"), &json!(2)));
    assert!(in_category("home").await.is_empty());
    assert_eq!(in_category("garden").await, ["POT", "SPOON"]);
    assert_eq!(in_category("garden/outdoor-kitchen/pots").await, ["POT"]);

    let root = admin.patch(&path, json!({"parent": null, "name": "Cooking"})).await;
    assert_eq!((&root.is(200).json["path"], &root.json["parent"]), (&json!("outdoor-kitchen"), &Value::Null));
    assert_eq!(shop.get("/v1/categories/pots").await.json["path"], "outdoor-kitchen/pots");
    assert_eq!(in_category("outdoor-kitchen").await, ["POT", "SPOON"]);
    assert!(in_category("garden").await.is_empty());
}

#[tokio::test]
async fn a_category_never_becomes_its_own_ancestor() {
    let shop = TestShop::start().await;
    let admin = shop.admin("admin").await;
    let home = category(&admin, "Home", None).await;
    let kitchen = category(&admin, "Kitchen", Some(&home)).await;
    for parent in [home.as_str(), kitchen.as_str(), "home/kitchen"] {
        let refused = admin.patch(&format!("/v1/categories/{home}"), json!({"parent": parent})).await;
        refused.is_problem(409, "category_cycle");
    }
    assert_eq!(shop.get("/v1/categories/kitchen").await.json["path"], "home/kitchen");
}

#[tokio::test]
async fn parallel_moves_never_create_a_cycle() {
    let shop = TestShop::start().await;
    let admin = shop.admin("admin").await;
    for round in 0..5 {
        let [left, right] = [format!("Left {round}"), format!("Right {round}")];
        let [left, right] = [category(&admin, &left, None).await, category(&admin, &right, None).await];
        let deep = category(&admin, &format!("Deep {round}"), Some(&right)).await;
        let moves = [(left.clone(), deep), (right, left)].map(|(id, parent)| {
            let admin = admin.clone();
            async move { admin.patch(&format!("/v1/categories/{id}"), json!({"parent": parent})).await.status.as_u16() }
        });
        let mut statuses = join_all(moves).await;
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
    }
}

#[tokio::test]
async fn conflicting_and_invalid_changes_are_refused() {
    let shop = TestShop::start().await;
    let admin = shop.admin("admin").await;
    let home = category(&admin, "Home", None).await;
    category(&admin, "Garden", None).await;
    let path = format!("/v1/categories/{home}");
    admin.patch(&path, json!({"slug": "garden"})).await.is_problem(409, "slug_taken");
    admin.patch(&path, json!({"name": "Garden"})).await.is_problem(409, "conflict");
    for (change, code, pointer) in [
        (json!({"parent": "nowhere"}), "unknown_reference", "/parent"),
        (json!({"name": null}), "invalid_body", "/name"),
        (json!({"level": 3}), "invalid_body", "/level"),
        (json!({"metadata": {"$gt": ""}}), "invalid_body", "/metadata/$gt"),
    ] {
        let refused = admin.patch(&path, change.clone()).await;
        assert_eq!(refused.is_problem(422, code).json["errors"][0]["pointer"], pointer, "{change}");
    }
    admin.patch("/v1/categories/507f1f77bcf86cd799439011", json!({})).await.is_problem(404, "not_found");
    shop.request("PATCH", &path).json(json!({})).send().await.is_problem(401, "not_authenticated");
    shop.seller("grace").await.patch(&path, json!({"name": "Mine"})).await.is_problem(403, "forbidden");
    assert_eq!(shop.get(&path).await.json["name"], "Home");
}
