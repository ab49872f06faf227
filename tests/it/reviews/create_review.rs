use futures::future::join_all;
use serde_json::{Value, json};
use tests::TestShop;

#[tokio::test]
async fn a_review_waits_for_a_moderator() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 5).await;
    let ada = shop.customer("ada").await;
    let body = json!({
        "productId": mug, "rating": 4, "title": "Holds coffee", "comment": "And tea.\nEven milk.",
        "images": ["https://images.example/mug.webp"], "pros": ["blue"], "cons": ["breaks"],
    });
    let created = ada.post("/v1/reviews", body).await;
    let id = created.is(201).id();
    assert_eq!(created.header("location"), Some(format!("/v1/reviews/{id}").as_str()));
    let view = &created.json;
    assert_eq!((&view["status"], &view["isVerifiedPurchase"]), (&json!("pending"), &json!(false)));
    assert_eq!((&view["author"]["name"], &view["helpful"]["count"]), (&json!("Ada T."), &json!(0)));
    assert_eq!((&view["product"], &view["adminReply"]), (&json!(mug), &Value::Null));
    assert!(view.get("user").is_none(), "readers need not know the account");
    assert_eq!(shop.get(&format!("/v1/products/{mug}")).await.json["ratings"]["count"], 0);
    assert!(super::all(&shop.get(&format!("/v1/reviews?product={mug}")).await, "id").is_empty());
}

#[tokio::test]
async fn a_delivered_order_verifies_a_review() {
    let shop = TestShop::start().await;
    let grace = shop.seller("grace").await;
    let mug = shop.product_of(&grace, "MUG-1", json!({})).await;
    let ada = shop.customer("ada").await;
    let order = ada.order(&mug, 1).await.is(201).id();
    shop.run_queues().await;
    let tracking = json!({"carrier": "DHL", "trackingNumber": "JD014600003817"});
    grace.post(&format!("/v1/orders/{order}/ship"), tracking).await.is(200);
    grace.post(&format!("/v1/orders/{order}/deliver"), json!({})).await.is(200);
    let review = ada.post("/v1/reviews", json!({"productId": mug, "rating": 5})).await;
    assert_eq!(review.is(201).json["isVerifiedPurchase"], true);
    let stranger = shop.customer("bob").await.post("/v1/reviews", json!({"productId": mug, "rating": 5})).await;
    assert_eq!(stranger.is(201).json["isVerifiedPurchase"], false);
}

#[tokio::test]
async fn a_customer_reviews_a_product_once() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 5).await;
    let ada = shop.customer("ada").await;
    let posts = (0..6).map(|_| {
        let (ada, body) = (ada.clone(), json!({"productId": mug, "rating": 4}));
        async move { ada.post("/v1/reviews", body).await.status.as_u16() }
    });
    let mut statuses = join_all(posts).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409, 409]);
    let again = ada.post("/v1/reviews", json!({"productId": mug, "rating": 1})).await;
    again.is_problem(409, "already_reviewed");
}

#[tokio::test]
async fn an_invalid_review_is_refused_and_stores_nothing() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 5).await;
    let ada = shop.customer("ada").await;
    for (fields, code, pointer) in [
        (json!({"rating": 0}), "invalid_body", "/rating"),
        (json!({"rating": 6}), "invalid_body", "/rating"),
        (json!({"rating": 4.5}), "invalid_body", "/rating"),
        (json!({"rating": {"$gt": 0}}), "invalid_body", "/rating"),
        (json!({"productId": "x"}), "invalid_body", "/productId"),
        (json!({"productId": {"$gt": ""}}), "invalid_body", "/productId"),
        (json!({"title": "a\nb"}), "validation_failed", "/title"),
        (json!({"comment": "x".repeat(5001)}), "validation_failed", "/comment"),
        (json!({"images": ["javascript:alert(1)"]}), "validation_failed", "/images/0"),
        (json!({"pros": [" "]}), "validation_failed", "/pros/0"),
        (json!({"status": "approved"}), "invalid_body", "/status"),
        (json!({"isVerifiedPurchase": true}), "invalid_body", "/isVerifiedPurchase"),
        (json!({"comment": "4242 4242-4242 4242"}), "raw_card_data_refused", "/comment"),
    ] {
        let mut body = json!({"productId": mug, "rating": 4});
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let refused = ada.post("/v1/reviews", body).await;
        let problem = &refused.is_problem(422, code).json;
        if code != "raw_card_data_refused" {
            assert_eq!(problem["errors"][0]["pointer"], pointer, "{fields}");
        }
    }
    assert_eq!(shop.count("reviews").await, 0);
}

#[tokio::test]
async fn a_review_requires_a_login_and_a_published_product() {
    let shop = TestShop::start().await;
    let grace = shop.seller("grace").await;
    let draft = json!({"sku": "MUG-1", "name": "Mug", "description": "A mug.", "price": {"regular": 1}});
    let draft = grace.post("/v1/products", draft).await.is(201).id();
    let ada = shop.customer("ada").await;
    for product in [draft.as_str(), "507f1f77bcf86cd799439011"] {
        let body = json!({"productId": product, "rating": 4});
        shop.post("/v1/reviews", body.clone()).await.is_problem(401, "not_authenticated");
        ada.post("/v1/reviews", body).await.is_problem(404, "not_found");
    }
}
