use serde_json::json;
use tests::TestShop;

use super::{all, approve, review_of};

#[tokio::test]
async fn a_reported_review_is_found_by_the_moderators() {
    let shop = TestShop::start().await;
    let (ada, bob, admin) = (shop.customer("ada").await, shop.customer("bob").await, shop.admin("admin").await);
    let (mug, bowl) = (shop.stock("MUG-1", 5).await, shop.stock("BOWL", 5).await);
    let id = review_of(&ada, &mug, 5).await;
    let path = format!("/v1/reviews/{id}/report");
    let report = json!({"reason": "An advertisement."});
    bob.post(&path, report.clone()).await.is_problem(404, "not_found");
    approve(&admin, &id).await;
    approve(&admin, &review_of(&ada, &bowl, 5).await).await;
    for _ in 0..2 {
        bob.post(&path, report.clone()).await.is(202);
    }
    let queue = admin.get("/v1/reviews/moderation?status=approved&reported=true").await;
    assert_eq!(all(&queue, "id"), [json!(id)]);
    assert_eq!(queue.json["items"][0]["reported"], json!({"count": 1, "reasons": ["An advertisement."]}));
    shop.post(&path, report.clone()).await.is_problem(401, "not_authenticated");
    ada.post(&path, report).await.is_problem(403, "own_review");
    for bad in [json!({}), json!({"reason": ""}), json!({"reason": {"$gt": ""}}), json!({"reason": "x".repeat(501)})] {
        bob.post(&path, bad).await.is(422);
    }
}
