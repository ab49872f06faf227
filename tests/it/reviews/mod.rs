//! The reviews function, one file for each endpoint.

mod approve_review;
mod create_review;
mod delete_review;
mod list_moderation;
mod list_reviews;
mod reply_to_review;
mod report_review;
mod show_review;
mod update_review;
mod vote_review;

use serde_json::json;
use tests::{Person, TestShop, people::until_decided};

/// A review of this product by a new customer, waiting for a moderator. Answers its id.
async fn review(shop: &TestShop, product: &str, stars: i64) -> String {
    let author = shop.customer("author").await;
    review_of(&author, product, stars).await
}

/// A review of this product by this customer, waiting for a moderator. Answers its id.
async fn review_of(author: &Person, product: &str, stars: i64) -> String {
    author.post("/v1/reviews", json!({"productId": product, "rating": stars})).await.is(201).id()
}

/// Approves a review; retried while the product's rating is busy, because a crowd approves at once.
async fn approve(admin: &Person, review: &str) {
    let path = format!("/v1/reviews/{review}/approve");
    until_decided(async || admin.post(&path, json!({})).await).await.is(200);
}

/// The rating that a product shows: average and count.
async fn rating(shop: &TestShop, product: &str) -> (f64, i64) {
    let view = shop.get(&format!("/v1/products/{product}")).await.is(200).json.clone();
    (view["ratings"]["average"].as_f64().unwrap(), view["ratings"]["count"].as_i64().unwrap())
}

/// A member of every item of a list.
fn all(reply: &tests::Reply, member: &str) -> Vec<serde_json::Value> {
    reply.is(200).json["items"].as_array().unwrap().iter().map(|item| item[member].clone()).collect()
}
