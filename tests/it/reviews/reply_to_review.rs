use serde_json::json;
use tests::TestShop;

use super::{approve, review};

#[tokio::test]
async fn the_seller_replies_and_may_replace_the_reply() {
    let shop = TestShop::start().await;
    let (grace, admin) = (shop.seller("grace").await, shop.admin("admin").await);
    let mug = shop.product_of(&grace, "MUG-1", json!({})).await;
    let id = review(&shop, &mug, 2).await;
    let path = format!("/v1/reviews/{id}/reply");
    grace.put(&path, json!({"text": "Too early."})).await.is_problem(404, "not_found");
    approve(&admin, &id).await;
    for (person, text) in [(&grace, "We are sorry."), (&admin, "Here is a new one.")] {
        let answered = person.put(&path, json!({"text": text})).await;
        assert_eq!(answered.is(200).json["adminReply"]["text"], text);
    }
    let shown = shop.get(&format!("/v1/reviews/{id}")).await.json;
    assert_eq!(shown["adminReply"]["text"], "Here is a new one.");
    assert!(shown["adminReply"]["repliedAt"].is_string() && shown["adminReply"].get("repliedBy").is_none());
}

#[tokio::test]
async fn only_the_products_seller_and_admins_reply() {
    let shop = TestShop::start().await;
    let (rival, admin) = (shop.seller("rival").await, shop.admin("admin").await);
    let mug = shop.stock("MUG-1", 5).await;
    let id = review(&shop, &mug, 2).await;
    approve(&admin, &id).await;
    let path = format!("/v1/reviews/{id}/reply");
    let reply = json!({"text": "Buy mine instead."});
    shop.request("PUT", &path).json(reply.clone()).send().await.is_problem(401, "not_authenticated");
    shop.customer("ada").await.put(&path, reply.clone()).await.is_problem(403, "forbidden");
    rival.put(&path, reply).await.is_problem(404, "not_found");
    for bad in [json!({}), json!({"text": ""}), json!({"text": 7}), json!({"text": "x".repeat(5001)})] {
        admin.put(&path, bad).await.is(422);
    }
}
