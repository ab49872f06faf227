use futures::future::join_all;
use serde_json::json;
use tests::TestShop;

use super::category;

#[tokio::test]
async fn an_admin_creates_a_category_below_another() {
    let shop = TestShop::start().await;
    let admin = shop.admin("admin").await;
    let home = category(&admin, "Home", None).await;
    let body = json!({
        "name": "Pots & Pans", "slug": "pots", "parent": "home", "description": "For cooking.", "order": 2,
        "metadata": {"seoTitle": "Pots", "keywords": ["pot"]},
    });
    let created = admin.post("/v1/categories", body).await;
    let id = created.is(201).id();
    assert_eq!(created.header("location"), Some(format!("/v1/categories/{id}").as_str()));
    let view = &created.json;
    assert_eq!((&view["parent"], &view["path"], &view["level"]), (&json!(home), &json!("home/pots"), &json!(1)));
    assert_eq!((&view["metadata"]["seoTitle"], &view["productCount"]), (&json!("Pots"), &json!(0)));
}

#[tokio::test]
async fn slugs_are_unique_in_the_shop_and_names_among_siblings() {
    let shop = TestShop::start().await;
    let admin = shop.admin("admin").await;
    category(&admin, "Home", None).await;
    category(&admin, "Garden", None).await;
    let lamps = async |parent: &str| admin.post("/v1/categories", json!({"name": "Lamps", "parent": parent})).await;
    assert_eq!(lamps("home").await.is(201).json["slug"], "lamps");
    assert_eq!(lamps("garden").await.is(201).json["slug"], "garden-lamps");
    lamps("home").await.is_problem(409, "conflict");
    let taken = admin.post("/v1/categories", json!({"name": "More lamps", "slug": "lamps"})).await;
    taken.is_problem(409, "slug_taken");
    assert_eq!(shop.count("categories").await, 4);
}

#[tokio::test]
async fn of_parallel_categories_with_one_name_one_is_created() {
    let shop = TestShop::start().await;
    let admin = shop.admin("admin").await;
    let posts = (0..6).map(|_| {
        let admin = admin.clone();
        async move { admin.post("/v1/categories", json!({"name": "Home"})).await.status.as_u16() }
    });
    let mut statuses = join_all(posts).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409, 409]);
}

#[tokio::test]
async fn only_admins_create_categories_and_only_valid_ones() {
    let shop = TestShop::start().await;
    let body = json!({"name": "Home"});
    shop.post("/v1/categories", body.clone()).await.is_problem(401, "not_authenticated");
    shop.customer("ada").await.post("/v1/categories", body.clone()).await.is_problem(403, "forbidden");
    shop.seller("grace").await.post("/v1/categories", body).await.is_problem(403, "forbidden");
    let admin = shop.admin("admin").await;
    for (body, code, pointer) in [
        (json!({}), "invalid_body", "/name"),
        (json!({"name": " "}), "validation_failed", "/name"),
        (json!({"name": "x".repeat(101)}), "validation_failed", "/name"),
        (json!({"name": "Home", "slug": "no slug"}), "invalid_body", "/slug"),
        (json!({"name": "Home", "productCount": 7}), "invalid_body", "/productCount"),
        (json!({"name": "Home", "parent": "nowhere"}), "unknown_reference", "/parent"),
        (json!({"name": "Home", "parent": {"$gt": ""}}), "invalid_body", "/parent"),
        (json!({"name": "Home", "order": 1e12}), "invalid_body", "/order"),
    ] {
        let refused = admin.post("/v1/categories", body.clone()).await;
        assert_eq!(refused.is_problem(422, code).json["errors"][0]["pointer"], pointer, "{body}");
    }
    assert_eq!(shop.count("categories").await, 0);
}
