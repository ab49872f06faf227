use futures::future::join_all;
use serde_json::{Value, json};
use tests::TestShop;

use super::{category, draft, draft_with, shirt};

#[tokio::test]
async fn absent_fields_stay_and_null_clears() {
    let shop = TestShop::start().await;
    let grace = shop.seller("grace").await;
    let body = draft_with(
        "MUG-1",
        json!({"brand": "Acme", "price": {"regular": 1000, "sale": 800}, "tags": ["a", "b"], "seo": {"title": "Mug"}}),
    );
    let id = grace.post("/v1/products", body).await.is(201).id();
    let path = format!("/v1/products/{id}");
    let changed = grace.patch(&path, json!({"name": "Red Mug", "price": {"regular": 1200}, "tags": ["c"]})).await;
    let view = &changed.is(200).json;
    assert_eq!(
        (&view["name"], &view["slug"], &view["brand"]),
        (&json!("Red Mug"), &json!("product-mug-1"), &json!("Acme"))
    );
    assert_eq!(view["price"], json!({"regular": 1200, "sale": 800, "currency": "USD", "effective": 800}));
    assert_eq!(view["tags"], json!(["c"]));
    let cleared = grace.patch(&path, json!({"brand": null, "price": {"sale": null}, "seo": null})).await;
    assert_eq!((&cleared.is(200).json["brand"], &cleared.json["seo"]), (&Value::Null, &Value::Null));
    assert_eq!(cleared.json["price"]["effective"], 1200);
}

#[tokio::test]
async fn the_inventory_policy_reaches_the_stock_record() {
    let shop = TestShop::start().await;
    let grace = shop.seller("grace").await;
    let id = shop.product_of(&grace, "MUG-1", json!({"inventory": {"quantity": 2}})).await;
    let path = format!("/v1/products/{id}");
    let policy = json!({"inventory": {"allowBackorder": true, "backorderLimit": 5, "lowStockThreshold": 1}});
    let changed = grace.patch(&path, policy).await;
    assert_eq!(changed.is(200).json["inventory"]["status"], "in_stock");
    let record = shop.stock_of("MUG-1").await;
    assert_eq!((record.orderable(), record.policy.low_stock_threshold, record.on_hand), (7, 1, 2));
    grace.patch(&path, json!({"inventory": {"backorderLimit": null}})).await.is(200);
    assert_eq!(shop.stock_of("MUG-1").await.orderable(), i64::MAX);
}

#[tokio::test]
async fn a_published_product_is_counted_in_its_category() {
    let shop = TestShop::start().await;
    let (grace, admin) = (shop.seller("grace").await, shop.admin("admin").await);
    category(&admin, "Kitchen", None).await;
    category(&admin, "Garden", None).await;
    let id = shop.product_of(&grace, "MUG-1", json!({"category": "kitchen"})).await;
    let counts = async || {
        let count = async |slug: &str| shop.get(&format!("/v1/categories/{slug}")).await.json["productCount"].as_i64();
        (count("kitchen").await.unwrap(), count("garden").await.unwrap())
    };
    assert_eq!(counts().await, (1, 0));
    let path = format!("/v1/products/{id}");
    assert_eq!(grace.patch(&path, json!({"category": "garden"})).await.is(200).json["category"]["slug"], "garden");
    assert_eq!(counts().await, (0, 1));
    assert_eq!(grace.patch(&path, json!({"category": null})).await.is(200).json["category"], Value::Null);
    assert_eq!(counts().await, (0, 0));
}

#[tokio::test]
async fn variants_are_added_and_removed_and_keep_their_stock() {
    let shop = TestShop::start().await;
    let grace = shop.seller("grace").await;
    let id = grace.post("/v1/products", shirt("TEE")).await.is(201).id();
    let path = format!("/v1/products/{id}");
    let variants = json!([
        {"sku": "TEE-S", "choices": {"Size": "S"}, "quantity": 99},
        {"sku": "TEE-L", "choices": {"Size": "L"}, "quantity": 4},
    ]);
    let options = json!([{"name": "Size", "values": ["S", "M", "L"]}]);
    let changed = grace.patch(&path, json!({"options": options, "variants": variants})).await;
    // What is given for a SKU that has stock already is no stocktaking.
    assert_eq!(changed.is(200).json["inventory"]["quantity"], 3 + 4);
    let back = json!([{"sku": "TEE-M", "choices": {"Size": "M"}}]);
    let changed = grace.patch(&path, json!({"variants": back})).await;
    assert_eq!(changed.is(200).json["inventory"]["quantity"], 5);
    grace.post("/v1/products", draft("MUG-1")).await.is(201);
    let foreign = json!([{"sku": "MUG-1", "choices": {"Size": "M"}}]);
    grace.patch(&path, json!({"variants": foreign})).await.is_problem(409, "sku_taken");
}

#[tokio::test]
async fn a_refused_change_changes_nothing() {
    let shop = TestShop::start().await;
    let grace = shop.seller("grace").await;
    let id = grace.post("/v1/products", shirt("TEE")).await.is(201).id();
    grace.post("/v1/products", draft_with("MUG-1", json!({"slug": "mug"}))).await.is(201);
    let path = format!("/v1/products/{id}");
    let before = grace.get(&path).await.json;
    for (change, code, pointer) in [
        (json!({"sku": "TEE-2"}), "invalid_body", "/sku"),
        (json!({"status": "published"}), "invalid_body", "/status"),
        (json!({"seller": "507f1f77bcf86cd799439011"}), "invalid_body", "/seller"),
        (json!({"ratings": {"average": 5}}), "invalid_body", "/ratings"),
        (json!({"inventory": {"quantity": 9}}), "invalid_body", "/inventory/quantity"),
        (json!({"name": null}), "invalid_body", "/name"),
        (json!({"name": "x"}), "validation_failed", "/name"),
        (json!({"price": {"sale": 1000}}), "validation_failed", "/price/sale"),
        (json!({"variants": []}), "validation_failed", "/variants"),
        (json!({"category": "nowhere"}), "unknown_reference", "/category"),
        (json!({"brand": {"$gt": ""}}), "invalid_body", "/brand"),
    ] {
        let refused = grace.patch(&path, change.clone()).await;
        assert_eq!(refused.is_problem(422, code).json["errors"][0]["pointer"], pointer, "{change}");
    }
    grace.patch(&path, json!({"slug": "mug"})).await.is_problem(409, "slug_taken");
    assert_eq!(grace.get(&path).await.json, before);
}

#[tokio::test]
async fn parallel_changes_are_all_applied() {
    let shop = TestShop::start().await;
    let grace = shop.seller("grace").await;
    let id = grace.post("/v1/products", draft("MUG-1")).await.is(201).id();
    let changes = [
        json!({"brand": "Acme"}),
        json!({"subcategory": "mugs"}),
        json!({"featured": true}),
        json!({"shortDescription": "A mug."}),
        json!({"price": {"sale": 500}}),
        json!({"price": {"regular": 2000}}),
    ];
    let path = format!("/v1/products/{id}");
    join_all(changes.map(|change| {
        let (grace, path) = (grace.clone(), path.clone());
        async move { grace.patch(&path, change).await.is(200).status }
    }))
    .await;
    let view = grace.get(&path).await.json;
    assert_eq!(
        (&view["brand"], &view["subcategory"], &view["featured"]),
        (&json!("Acme"), &json!("mugs"), &json!(true))
    );
    assert_eq!((&view["price"]["sale"], &view["price"]["regular"]), (&json!(500), &json!(2000)));
}

#[tokio::test]
async fn only_its_seller_and_admins_change_a_product() {
    let shop = TestShop::start().await;
    let id = shop.stock("MUG-1", 1).await;
    let path = format!("/v1/products/{id}");
    let change = json!({"name": "Mine now"});
    shop.request("PATCH", &path).json(change.clone()).send().await.is_problem(401, "not_authenticated");
    shop.customer("ada").await.patch(&path, change.clone()).await.is_problem(403, "forbidden");
    shop.seller("rival").await.patch(&path, change.clone()).await.is_problem(404, "not_found");
    assert_eq!(shop.get(&path).await.json["name"], "Product MUG-1");
    shop.admin("admin").await.patch(&path, change).await.is(200);
}
