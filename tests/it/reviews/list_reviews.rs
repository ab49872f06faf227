use serde_json::json;
use tests::TestShop;

use super::{all, approve, review};

#[tokio::test]
async fn approved_reviews_are_listed_with_a_summary_of_all_of_them() {
    let shop = TestShop::start().await;
    let admin = shop.admin("admin").await;
    let (mug, bowl) = (shop.stock("MUG-1", 5).await, shop.stock("BOWL", 5).await);
    for stars in [5, 3, 3] {
        approve(&admin, &review(&shop, &mug, stars).await).await;
    }
    approve(&admin, &review(&shop, &bowl, 1).await).await;
    review(&shop, &mug, 1).await;
    let listed = shop.get(&format!("/v1/reviews?product={mug}")).await;
    assert_eq!(all(&listed, "rating"), [3, 3, 5]);
    let summary = json!({"average": 3.67, "count": 3, "histogram": {"1": 0, "2": 0, "3": 2, "4": 0, "5": 1}});
    assert_eq!(listed.json["summary"], summary);
    let best = shop.get(&format!("/v1/reviews?product={mug}&rating=5&count=true")).await;
    assert_eq!((all(&best, "rating"), &best.json["count"]), (vec![json!(5)], &json!(1)));
    assert_eq!(best.json["summary"], summary);
    assert!(all(&shop.get(&format!("/v1/reviews?product={mug}&verified=true")).await, "id").is_empty());
    assert_eq!(all(&shop.get("/v1/reviews").await, "rating"), [1, 3, 3, 5]);
    let unknown = shop.get("/v1/reviews?product=507f1f77bcf86cd799439011").await;
    assert_eq!((all(&unknown, "id").len(), &unknown.json["summary"]["count"]), (0, &json!(0)));

    let tag = listed.header("etag").unwrap();
    let again = shop.request("GET", &format!("/v1/reviews?product={mug}")).header("if-none-match", tag).send().await;
    again.is(304);
}

#[tokio::test]
async fn every_sort_order_lists_each_item_once() {
    let shop = TestShop::start().await;
    let admin = shop.admin("admin").await;
    let mug = shop.stock("MUG-1", 5).await;
    let mut reviews = Vec::new();
    for stars in [2, 5, 2, 4] {
        let id = review(&shop, &mug, stars).await;
        approve(&admin, &id).await;
        reviews.push(id);
    }
    for (review, votes) in [(1, 1), (2, 2)] {
        for _ in 0..votes {
            shop.customer("fan")
                .await
                .put(&format!("/v1/reviews/{}/helpful", reviews[review]), json!({}))
                .await
                .is(204);
        }
    }
    for (sort, expected) in
        [("newest", [3, 2, 1, 0]), ("helpful", [2, 1, 3, 0]), ("rating", [0, 2, 3, 1]), ("-rating", [1, 3, 2, 0])]
    {
        let mut seen = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = shop.get(&format!("/v1/reviews?product={mug}&sort={sort}&limit=1{cursor}")).await;
            seen.extend(all(&page, "id"));
            match page.json["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(seen, expected.map(|index| json!(reviews[index])), "{sort}");
    }
}

#[tokio::test]
async fn invalid_parameters_are_pointed_at() {
    let shop = TestShop::start().await;
    for (query, pointer) in [
        ("product=x", "/product"),
        ("rating=0", "/rating"),
        ("rating=x", "/rating"),
        ("verified=perhaps", "/verified"),
        ("sort=price", "/sort"),
        ("cursor=x", "/cursor"),
        ("limit=101", "/limit"),
    ] {
        let refused = shop.get(&format!("/v1/reviews?{query}")).await;
        assert_eq!(refused.is_problem(422, "invalid_query").json["errors"][0]["pointer"], pointer, "{query}");
    }
}
