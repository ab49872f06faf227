use futures::future::join_all;
use serde_json::{Value, json};
use tests::{Person, Reply, TestShop};

use super::shirt;

struct Stocktaking {
    grace: Person,
    path: String,
}

impl Stocktaking {
    async fn of(shop: &TestShop, quantity: i64) -> Self {
        let grace = shop.seller("grace").await;
        let id = shop.product_of(&grace, "MUG-1", json!({"inventory": {"quantity": quantity}})).await;
        Self { grace, path: format!("/v1/products/{id}/inventory/adjustments") }
    }

    async fn post(&self, key: &str, body: Value) -> Reply {
        self.grace.request("POST", &self.path).key(key).json(body).send().await
    }
}

#[tokio::test]
async fn corrections_add_and_remove_units() {
    let shop = TestShop::start().await;
    let stock = Stocktaking::of(&shop, 5).await;
    let more = stock.post("a", json!({"sku": "MUG-1", "delta": 7, "reason": "delivery"})).await;
    assert_eq!((&more.is(200).json["onHand"], &more.json["available"]), (&json!(12), &json!(12)));
    let fewer = stock.post("b", json!({"sku": "MUG-1", "delta": -2, "reason": "broken"})).await;
    assert_eq!(fewer.is(200).json["onHand"], 10);
    let counted = stock.post("c", json!({"sku": "MUG-1", "setTo": 4, "expected": 10})).await;
    assert_eq!(counted.is(200).json["onHand"], 4);
    let record = shop.stock_of("MUG-1").await;
    assert_eq!((record.on_hand, record.received), (4, 4));
}

#[tokio::test]
async fn the_stock_is_never_negative_nor_less_than_reserved() {
    let shop = TestShop::start().await;
    let stock = Stocktaking::of(&shop, 5).await;
    let id = stock.path.split('/').nth(3).unwrap();
    shop.customer("ada").await.order(id, 3).await.is(201);
    for body in [
        json!({"sku": "MUG-1", "delta": -6, "reason": "lost"}),
        json!({"sku": "MUG-1", "delta": -3, "reason": "lost"}),
        json!({"sku": "MUG-1", "setTo": 2, "expected": 5}),
        json!({"sku": "MUG-1", "setTo": 9, "expected": 4}),
    ] {
        let refused = stock.post("a", body).await;
        let problem = &refused.is_problem(409, "stock_conflict").json;
        assert_eq!(
            (&problem["onHand"], &problem["reserved"], &problem["available"]),
            (&json!(5), &json!(3), &json!(2))
        );
    }
    // What was refused may be tried again under the same key.
    stock.post("a", json!({"sku": "MUG-1", "delta": -2, "reason": "lost"})).await.is(200);
}

#[tokio::test]
async fn a_repeat_changes_nothing_and_gets_the_same_answer() {
    let shop = TestShop::start().await;
    let stock = Stocktaking::of(&shop, 5).await;
    let body = json!({"sku": "MUG-1", "delta": 7, "reason": "delivery"});
    let first = stock.post("a", body.clone()).await;
    let again = stock.post("a", body.clone()).await;
    assert_eq!((first.is(200).body.clone(), first.header("idempotent-replayed")), (again.is(200).body.clone(), None));
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(shop.stock_of("MUG-1").await.on_hand, 12);

    let other = json!({"sku": "MUG-1", "delta": 8, "reason": "delivery"});
    stock.post("a", other).await.is_problem(422, "idempotency_key_reused");
    let without = stock.grace.request("POST", &stock.path).json(body).send().await;
    without.is_problem(400, "idempotency_key_required");
}

#[tokio::test]
async fn parallel_corrections_add_up() {
    let shop = TestShop::start().await;
    let stock = Stocktaking::of(&shop, 0).await;
    let stock = &stock;
    let posts = (0..10).map(|number| async move {
        let body = json!({"sku": "MUG-1", "delta": 1, "reason": "delivery"});
        stock.post(&format!("key-{number}"), body).await.is(200).status
    });
    join_all(posts).await;
    assert_eq!(shop.stock_of("MUG-1").await.on_hand, 10);
}

#[tokio::test]
async fn low_stock_is_reported_once() {
    let shop = TestShop::start().await;
    let stock = Stocktaking::of(&shop, 12).await;
    for (key, delta) in [("a", -1), ("b", -2), ("c", -1)] {
        stock.post(key, json!({"sku": "MUG-1", "delta": delta, "reason": "broken"})).await.is(200);
    }
    assert_eq!(shop.count("outbox").await, 1);
}

#[tokio::test]
async fn an_invalid_correction_is_refused() {
    let shop = TestShop::start().await;
    let stock = Stocktaking::of(&shop, 5).await;
    for (body, code, pointer) in [
        (json!({"delta": 1, "reason": "x"}), "invalid_body", "/sku"),
        (json!({"sku": "MUG-1"}), "validation_failed", "/delta"),
        (json!({"sku": "MUG-1", "delta": 0, "reason": "x"}), "validation_failed", "/delta"),
        (json!({"sku": "MUG-1", "delta": 1}), "validation_failed", "/reason"),
        (json!({"sku": "MUG-1", "delta": 1, "reason": " "}), "validation_failed", "/reason"),
        (json!({"sku": "MUG-1", "delta": i64::MIN, "reason": "x"}), "validation_failed", "/delta"),
        (json!({"sku": "MUG-1", "delta": 1, "setTo": 1}), "validation_failed", "/setTo"),
        (json!({"sku": "MUG-1", "setTo": 1}), "validation_failed", "/expected"),
        (json!({"sku": "MUG-1", "setTo": -1, "expected": 5}), "validation_failed", "/setTo"),
        (json!({"sku": "MUG-2", "delta": 1, "reason": "x"}), "unknown_reference", "/sku"),
        (json!({"sku": {"$gt": ""}, "delta": 1, "reason": "x"}), "invalid_body", "/sku"),
    ] {
        let refused = stock.post("a", body.clone()).await;
        assert_eq!(refused.is_problem(422, code).json["errors"][0]["pointer"], pointer, "{body}");
    }
    assert_eq!(shop.stock_of("MUG-1").await.on_hand, 5);
}

#[tokio::test]
async fn variants_are_corrected_one_by_one() {
    let shop = TestShop::start().await;
    let grace = shop.seller("grace").await;
    let id = grace.post("/v1/products", shirt("TEE")).await.is(201).id();
    let path = format!("/v1/products/{id}/inventory/adjustments");
    let more = |sku: &str| json!({"sku": sku, "delta": 1, "reason": "delivery"});
    grace.request("POST", &path).key("a").json(more("TEE-S")).send().await.is(200);
    grace.request("POST", &path).key("b").json(more("TEE")).send().await.is_problem(422, "unknown_reference");
    assert_eq!((shop.stock_of("TEE-S").await.on_hand, shop.stock_of("TEE-M").await.on_hand), (4, 5));
}

#[tokio::test]
async fn only_its_seller_and_admins_correct_the_stock() {
    let shop = TestShop::start().await;
    let stock = Stocktaking::of(&shop, 5).await;
    let body = json!({"sku": "MUG-1", "delta": 1, "reason": "delivery"});
    shop.request("POST", &stock.path).key("a").json(body.clone()).send().await.is_problem(401, "not_authenticated");
    for (person, status, code) in
        [(shop.customer("ada").await, 403, "forbidden"), (shop.seller("rival").await, 404, "not_found")]
    {
        person.request("POST", &stock.path).key("a").json(body.clone()).send().await.is_problem(status, code);
    }
    assert_eq!(shop.stock_of("MUG-1").await.on_hand, 5);
    shop.admin("admin").await.request("POST", &stock.path).key("a").json(body).send().await.is(200);
}
