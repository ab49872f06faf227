use serde_json::json;
use tests::TestShop;

use super::draft;

#[tokio::test]
async fn a_product_is_shown_by_id_and_by_slug() {
    let shop = TestShop::start().await;
    let id = shop.product("MUG-1", json!({"slug": "blue-mug", "inventory": {"quantity": 3}})).await;
    let by_id = shop.get(&format!("/v1/products/{id}")).await;
    let by_slug = shop.get("/v1/products/blue-mug").await;
    assert_eq!(by_id.is(200).json, by_slug.is(200).json);
    assert_eq!((&by_id.json["id"], &by_id.json["inventory"]["quantity"]), (&json!(id), &json!(3)));
}

#[tokio::test]
async fn an_unknown_product_is_not_found() {
    let shop = TestShop::start().await;
    for name in ["507f1f77bcf86cd799439011", "no-such-mug", "%7B%22%24gt%22%3A%22%22%7D", "Not%20A%20Slug", "%00"] {
        shop.get(&format!("/v1/products/{name}")).await.is_problem(404, "not_found");
    }
}

#[tokio::test]
async fn an_unpublished_product_is_shown_to_its_seller_and_admins_only() {
    let shop = TestShop::start().await;
    let grace = shop.seller("grace").await;
    let id = grace.post("/v1/products", draft("MUG-1")).await.is(201).id();
    let path = format!("/v1/products/{id}");
    let (rival, ada, admin) = (shop.seller("rival").await, shop.customer("ada").await, shop.admin("admin").await);
    for round in ["draft", "inactive", "archived"] {
        shop.get(&path).await.is_problem(404, "not_found");
        shop.request("GET", &path).bearer(&format!("{}x", grace.token)).send().await.is_problem(404, "not_found");
        ada.get(&path).await.is_problem(404, "not_found");
        rival.get(&path).await.is_problem(404, "not_found");
        grace.get(&path).await.is(200);
        admin.get(&path).await.is(200);
        if round == "draft" {
            grace.post(&format!("{path}/publish"), json!({})).await.is(200);
            shop.get(&path).await.is(200);
            grace.patch(&path, json!({"isActive": false})).await.is(200);
        } else {
            grace.post(&format!("{path}/archive"), json!({})).await.is(200);
        }
    }
}

#[tokio::test]
async fn an_unchanged_answer_is_not_sent_again() {
    let shop = TestShop::start().await;
    let id = shop.stock("MUG-1", 3).await;
    let path = format!("/v1/products/{id}");
    let first = shop.get(&path).await;
    let tag = first.header("etag").unwrap().to_owned();
    assert!(first.header("cache-control").unwrap().starts_with("public"));
    let again = shop.request("GET", &path).header("if-none-match", &tag).send().await;
    assert_eq!((again.is(304).body.len(), again.header("etag")), (0, Some(tag.as_str())));

    shop.customer("ada").await.order(&id, 1).await.is(201);
    let changed = shop.request("GET", &path).header("if-none-match", &tag).send().await;
    assert_eq!(changed.is(200).json["inventory"]["quantity"], 2);
    let own = shop.admin("admin").await.get(&path).await;
    assert_eq!(own.header("cache-control"), Some("private, no-cache"));
}

#[tokio::test]
async fn a_public_product_ignores_an_invalid_token() {
    let shop = TestShop::start().await;
    let path = format!("/v1/products/{}", shop.stock("MUG-1", 3).await);
    let public = shop.get(&path).await;
    let reply = shop.request("GET", &path).bearer("nonsense").send().await;
    assert_eq!(reply.is(200).json, public.json);
    shop.request("PATCH", &path).bearer("nonsense").json(json!({})).send().await.is_problem(401, "invalid_token");
}
