use futures::future::join_all;
use serde_json::json;
use tests::TestShop;

use super::{approve, rating, review};

#[tokio::test]
async fn the_rating_follows_the_moderator() {
    let shop = TestShop::start().await;
    let admin = shop.admin("admin").await;
    let mug = shop.stock("MUG-1", 5).await;
    let (good, bad) = (review(&shop, &mug, 5).await, review(&shop, &mug, 2).await);
    for _ in 0..2 {
        approve(&admin, &good).await;
        assert_eq!(rating(&shop, &mug).await, (5.0, 1));
    }
    approve(&admin, &bad).await;
    assert_eq!(rating(&shop, &mug).await, (3.5, 2));
    for _ in 0..2 {
        let rejected = admin.post(&format!("/v1/reviews/{good}/reject"), json!({})).await;
        assert_eq!(rejected.is(200).json["status"], "rejected");
        assert_eq!(rating(&shop, &mug).await, (2.0, 1));
    }
    approve(&admin, &good).await;
    assert_eq!(rating(&shop, &mug).await, (3.5, 2));
}

#[tokio::test]
async fn a_review_that_is_rejected_at_once_never_counted() {
    let shop = TestShop::start().await;
    let admin = shop.admin("admin").await;
    let mug = shop.stock("MUG-1", 5).await;
    let spam = review(&shop, &mug, 1).await;
    admin.post(&format!("/v1/reviews/{spam}/reject"), json!({})).await.is(200);
    assert_eq!(rating(&shop, &mug).await, (0.0, 0));
}

#[tokio::test]
async fn parallel_approvals_are_all_counted() {
    let shop = TestShop::start().await;
    let admin = shop.admin("admin").await;
    let mug = shop.stock("MUG-1", 5).await;
    let mut reviews = Vec::new();
    for number in 0..20 {
        reviews.push(review(&shop, &mug, 1 + number % 5).await);
    }
    join_all(reviews.iter().map(|review| approve(&admin, review))).await;
    assert_eq!(rating(&shop, &mug).await, (3.0, 20));
    let stored = shop.find_product(&mug).await.ratings;
    assert_eq!((stored.sum, stored.count), (60, 20));
}

#[tokio::test]
async fn an_order_delivered_meanwhile_verifies_the_review() {
    let shop = TestShop::start().await;
    let (grace, admin, ada) = (shop.seller("grace").await, shop.admin("admin").await, shop.customer("ada").await);
    let mug = shop.product_of(&grace, "MUG-1", json!({})).await;
    let order = ada.order(&mug, 1).await.is(201).id();
    let early = super::review_of(&ada, &mug, 5).await;
    shop.run_queues().await;
    let tracking = json!({"carrier": "DHL", "trackingNumber": "JD014600003817"});
    grace.post(&format!("/v1/orders/{order}/ship"), tracking).await.is(200);
    grace.post(&format!("/v1/orders/{order}/deliver"), json!({})).await.is(200);
    let approved = admin.post(&format!("/v1/reviews/{early}/approve"), json!({})).await;
    assert_eq!((&approved.is(200).json["isVerifiedPurchase"], &approved.json["order"]), (&json!(true), &json!(order)));
}

#[tokio::test]
async fn only_admins_moderate() {
    let shop = TestShop::start().await;
    let grace = shop.seller("grace").await;
    let mug = shop.product_of(&grace, "MUG-1", json!({})).await;
    let review = review(&shop, &mug, 5).await;
    let admin = shop.admin("admin").await;
    for action in ["approve", "reject"] {
        let path = format!("/v1/reviews/{review}/{action}");
        shop.post(&path, json!({})).await.is_problem(401, "not_authenticated");
        shop.customer("ada").await.post(&path, json!({})).await.is_problem(403, "forbidden");
        grace.post(&path, json!({})).await.is_problem(403, "forbidden");
        for missing in ["507f1f77bcf86cd799439011", "x"] {
            let path = format!("/v1/reviews/{missing}/{action}");
            admin.post(&path, json!({})).await.is_problem(404, "not_found");
        }
    }
    assert_eq!(rating(&shop, &mug).await, (0.0, 0));
}
