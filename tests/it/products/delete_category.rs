use serde_json::json;
use tests::TestShop;

use super::{category, draft_with};

#[tokio::test]
async fn only_an_empty_category_is_deleted() {
    let shop = TestShop::start().await;
    let (admin, grace) = (shop.admin("admin").await, shop.seller("grace").await);
    let home = category(&admin, "Home", None).await;
    let kitchen = category(&admin, "Kitchen", Some(&home)).await;
    let id = grace.post("/v1/products", draft_with("MUG-1", json!({"category": "kitchen"}))).await.is(201).id();
    for used in [&home, &kitchen] {
        admin.delete(&format!("/v1/categories/{used}")).await.is_problem(409, "category_in_use");
    }
    grace.delete(&format!("/v1/products/{id}")).await.is(204);
    for empty in [&kitchen, &home] {
        admin.delete(&format!("/v1/categories/{empty}")).await.is(204);
        admin.delete(&format!("/v1/categories/{empty}")).await.is_problem(404, "not_found");
    }
}

#[tokio::test]
async fn nothing_is_assigned_to_a_category_that_is_being_deleted() {
    let shop = TestShop::start().await;
    let (admin, grace) = (shop.admin("admin").await, shop.seller("grace").await);
    for round in 0..6 {
        let id = category(&admin, &format!("Kitchen {round}"), None).await;
        let path = format!("/v1/categories/{id}");
        let body = draft_with(&format!("MUG-{round}"), json!({"category": id}));
        let (removed, made) = futures::join!(admin.delete(&path), grace.post("/v1/products", body));
        match (removed.status.as_u16(), made.status.as_u16()) {
            (204, 422) | (409, 201) => {}
            other => panic!("{other:?}: {}", made.json),
        }
    }
}

#[tokio::test]
async fn only_admins_delete_categories() {
    let shop = TestShop::start().await;
    let admin = shop.admin("admin").await;
    let path = format!("/v1/categories/{}", category(&admin, "Home", None).await);
    shop.request("DELETE", &path).send().await.is_problem(401, "not_authenticated");
    shop.customer("ada").await.delete(&path).await.is_problem(403, "forbidden");
    shop.seller("grace").await.delete(&path).await.is_problem(403, "forbidden");
    shop.get(&path).await.is(200);
}
