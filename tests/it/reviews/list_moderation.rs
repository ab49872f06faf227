use serde_json::json;
use tests::TestShop;

use super::{all, approve, review};

#[tokio::test]
async fn the_oldest_review_is_at_the_head_of_the_queue() {
    let shop = TestShop::start().await;
    let admin = shop.admin("admin").await;
    let mug = shop.stock("MUG-1", 5).await;
    let mut waiting = Vec::new();
    for stars in 1..=4 {
        waiting.push(json!(review(&shop, &mug, stars).await));
    }
    approve(&admin, waiting.remove(1).as_str().unwrap()).await;
    let first = admin.get("/v1/reviews/moderation?limit=2&count=true").await;
    assert_eq!((all(&first, "id"), &first.json["count"]), (waiting[..2].to_vec(), &json!(3)));
    let next = first.json["nextCursor"].as_str().unwrap();
    let second = admin.get(&format!("/v1/reviews/moderation?limit=2&cursor={next}")).await;
    assert_eq!((all(&second, "id"), &second.json["nextCursor"]), (waiting[2..].to_vec(), &json!(null)));
    assert!(first.json["items"][0]["user"].is_string());
    assert_eq!(all(&admin.get("/v1/reviews/moderation?status=approved").await, "rating"), [2]);
    assert!(all(&admin.get("/v1/reviews/moderation?status=rejected").await, "id").is_empty());
}

#[tokio::test]
async fn only_admins_see_the_queue() {
    let shop = TestShop::start().await;
    let path = "/v1/reviews/moderation";
    shop.get(path).await.is_problem(401, "not_authenticated");
    shop.customer("ada").await.get(path).await.is_problem(403, "forbidden");
    shop.seller("grace").await.get(path).await.is_problem(403, "forbidden");
    let admin = shop.admin("admin").await;
    admin.get(&format!("{path}?status=lost")).await.is_problem(422, "invalid_query");
}
