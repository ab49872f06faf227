use futures::future::join_all;
use serde_json::{Value, json};
use tests::TestShop;

use super::{category, draft, draft_with, shirt};

#[tokio::test]
async fn a_seller_creates_a_draft_with_its_initial_stock() {
    let shop = TestShop::start().await;
    let grace = shop.seller("grace").await;
    let admin = shop.admin("admin").await;
    let kitchen = category(&admin, "Kitchen", None).await;
    let body = draft_with(
        "MUG-1",
        json!({
            "name": "Blue Mug",
            "category": "kitchen",
            "brand": "Ada & Sons",
            "price": {"regular": 1999, "sale": 1499, "currency": "USD"},
            "inventory": {"quantity": 7, "lowStockThreshold": 5, "allowBackorder": false},
            "images": [{"url": "https://images.example/a.webp"}, {"url": "https://images.example/b.webp"}],
            "specifications": {"Material": "clay"},
            "dimensions": {"weight": 0.4},
            "tags": ["mug", "blue"],
        }),
    );
    let created = grace.post("/v1/products", body).await;
    let id = created.is(201).id();
    assert_eq!(created.header("location"), Some(format!("/v1/products/{id}").as_str()));
    let view = &created.json;
    assert_eq!(view["slug"], "blue-mug");
    assert_eq!(view["status"], "draft");
    assert_eq!(view["seller"], grace.id.to_string());
    assert_eq!(view["price"], json!({"regular": 1999, "sale": 1499, "currency": "USD", "effective": 1499}));
    assert_eq!(
        view["inventory"],
        json!({"quantity": 7, "status": "in_stock", "allowBackorder": false, "lowStockThreshold": 5})
    );
    assert_eq!(view["category"], json!({"id": kitchen, "slug": "kitchen", "name": "Kitchen", "path": "kitchen"}));
    assert_eq!(view["ratings"], json!({"average": 0.0, "count": 0}));
    assert_eq!(view["images"][0]["isPrimary"], true);
    assert_eq!(view["specifications"], json!({"Material": "clay"}));
    let stock = shop.stock_of("MUG-1").await;
    assert_eq!((stock.on_hand, stock.available, stock.received, stock.reserved), (7, 7, 7, 0));
}

#[tokio::test]
async fn an_absent_slug_is_derived_from_the_name_and_unique() {
    let shop = TestShop::start().await;
    let grace = shop.seller("grace").await;
    let mut slugs = Vec::new();
    for sku in ["MUG-1", "MUG-2", "MUG.2"] {
        let created = grace.post("/v1/products", draft_with(sku, json!({"name": "Blue Mug"}))).await;
        slugs.push(created.is(201).json["slug"].as_str().unwrap().to_owned());
    }
    assert_eq!(slugs[..2], ["blue-mug", "blue-mug-mug-2"]);
    assert!(slugs[2].starts_with("blue-mug-") && slugs[2] != slugs[1], "{slugs:?}");
}

#[tokio::test]
async fn concurrent_products_with_one_name_get_different_slugs() {
    let shop = TestShop::start().await;
    let grace = shop.seller("grace").await;
    let posts = (0..6).map(|number| {
        let body = draft_with(&format!("MUG-{number}"), json!({"name": "Blue Mug"}));
        let grace = grace.clone();
        async move { grace.post("/v1/products", body).await.is(201).json["slug"].to_string() }
    });
    let slugs: std::collections::BTreeSet<String> = join_all(posts).await.into_iter().collect();
    assert_eq!(slugs.len(), 6);
}

#[tokio::test]
async fn a_taken_slug_or_sku_is_a_conflict_and_stores_nothing() {
    let shop = TestShop::start().await;
    let grace = shop.seller("grace").await;
    grace.post("/v1/products", draft_with("MUG-1", json!({"slug": "mug"}))).await.is(201);
    grace.post("/v1/products", shirt("TEE")).await.is(201);
    let taken = grace.post("/v1/products", draft_with("MUG-2", json!({"slug": "mug"}))).await;
    taken.is_problem(409, "slug_taken");
    for sku in ["MUG-1", "TEE", "TEE-S"] {
        grace.post("/v1/products", draft(sku)).await.is_problem(409, "sku_taken");
    }
    let mut other = shirt("TEE-2");
    other["variants"][1]["sku"] = json!("MUG-1");
    grace.post("/v1/products", other.clone()).await.is_problem(409, "sku_taken");
    // The SKU of a product with variants has no stock record, and is taken all the same.
    other["variants"][1]["sku"] = json!("TEE");
    grace.post("/v1/products", other).await.is_problem(409, "sku_taken");
    assert_eq!((shop.count("products").await, shop.count("inventory").await), (2, 3));
}

#[tokio::test]
async fn of_parallel_products_with_one_sku_one_is_created() {
    let shop = TestShop::start().await;
    let grace = shop.seller("grace").await;
    let posts = (0..8).map(|_| {
        let grace = grace.clone();
        async move { grace.post("/v1/products", draft("MUG-1")).await.status.as_u16() }
    });
    let mut statuses = join_all(posts).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409, 409, 409, 409]);
    assert_eq!((shop.count("products").await, shop.count("inventory").await), (1, 1));
}

#[tokio::test]
async fn a_product_is_sold_in_variants_with_their_own_price_and_stock() {
    let shop = TestShop::start().await;
    let grace = shop.seller("grace").await;
    let created = grace.post("/v1/products", shirt("TEE")).await;
    let view = &created.is(201).json;
    assert_eq!(view["inventory"]["quantity"], 8);
    assert_eq!(view["options"], json!([{"name": "Size", "values": ["S", "M"]}]));
    let medium = &view["variants"][1];
    assert_eq!((&medium["sku"], &medium["price"]), (&json!("TEE-M"), &json!(1150)));
    assert_eq!((&medium["inventory"]["quantity"], &medium["inventory"]["status"]), (&json!(5), &json!("low_stock")));
    assert_eq!(shop.stock_of("TEE-S").await.on_hand, 3);
}

#[tokio::test]
async fn only_sellers_and_admins_create_products() {
    let shop = TestShop::start().await;
    shop.post("/v1/products", draft("MUG-1")).await.is_problem(401, "not_authenticated");
    let ada = shop.customer("ada").await;
    ada.post("/v1/products", draft("MUG-1")).await.is_problem(403, "forbidden");
    shop.admin("admin").await.post("/v1/products", draft("MUG-1")).await.is(201);
    assert_eq!(shop.count("products").await, 1);
}

#[tokio::test]
async fn an_invalid_product_is_refused_and_stores_nothing() {
    let shop = TestShop::start().await;
    let grace = shop.seller("grace").await;
    let size = json!([{"name": "Size", "values": ["S"]}]);
    let small = |sku: &str| json!([{"sku": sku, "choices": {"Size": "S"}}]);
    for (fields, code, pointer) in [
        (json!({"name": "ab"}), "validation_failed", "/name"),
        (json!({"name": "     "}), "validation_failed", "/name"),
        (json!({"name": "Mug\u{0}"}), "validation_failed", "/name"),
        (json!({"name": {"$gt": ""}}), "invalid_body", "/name"),
        (json!({"description": "\u{1b}[31mred"}), "validation_failed", "/description"),
        (json!({"tags": [""]}), "validation_failed", "/tags/0"),
        (json!({"name": null}), "invalid_body", "/name"),
        (json!({"sku": "a b"}), "invalid_body", "/sku"),
        (json!({"slug": "Not A Slug"}), "invalid_body", "/slug"),
        (json!({"colour": "blue"}), "invalid_body", "/colour"),
        (json!({"price": {"regular": 19.99}}), "invalid_body", "/price/regular"),
        (json!({"price": {"regular": -1}}), "validation_failed", "/price/regular"),
        (json!({"price": {"regular": i64::MAX}}), "validation_failed", "/price/regular"),
        (json!({"price": {"regular": 100, "sale": -1}}), "validation_failed", "/price/sale"),
        (json!({"price": {"regular": 100, "sale": 100}}), "validation_failed", "/price/sale"),
        (json!({"price": {"regular": 100, "currency": "usd"}}), "invalid_body", "/price/currency"),
        (json!({"price": {"regular": 100, "effective": 1}}), "invalid_body", "/price/effective"),
        (json!({"inventory": {"quantity": -1}}), "validation_failed", "/inventory/quantity"),
        (json!({"inventory": {"quantity": 10_000_000_000_i64}}), "validation_failed", "/inventory/quantity"),
        (json!({"specifications": {"$gt": ""}}), "validation_failed", "/specifications"),
        (json!({"specifications": {"a\u{0}b": "c"}}), "validation_failed", "/specifications"),
        (json!({"specifications": {"a": 1}}), "invalid_body", "/specifications/a"),
        (json!({"images": [{"url": "javascript:alert(1)"}]}), "validation_failed", "/images/0/url"),
        (
            json!({"images": [
                {"url": "https://a.example/1", "isPrimary": true},
                {"url": "https://a.example/2", "isPrimary": true},
            ]}),
            "validation_failed",
            "/images",
        ),
        (json!({"dimensions": {"weight": -1}}), "validation_failed", "/dimensions/weight"),
        (json!({"category": "nowhere"}), "unknown_reference", "/category"),
        (json!({"category": "507f1f77bcf86cd799439011"}), "unknown_reference", "/category"),
        (json!({"category": "{\"$gt\":\"\"}"}), "unknown_reference", "/category"),
        (json!({"options": size}), "validation_failed", "/variants"),
        (json!({"variants": small("TEE-S")}), "validation_failed", "/options"),
        (json!({"options": size, "variants": small("TEE")}), "validation_failed", "/variants/0/sku"),
        (
            json!({"options": size, "variants": [{"sku": "TEE-S", "choices": {"Size": "XL"}}]}),
            "validation_failed",
            "/variants/0/choices",
        ),
        (
            json!({"options": size, "variants": small("TEE-S"), "inventory": {"quantity": 1}}),
            "validation_failed",
            "/inventory/quantity",
        ),
    ] {
        let refused = grace.post("/v1/products", draft_with("TEE", fields.clone())).await;
        let problem = &refused.is_problem(422, code).json;
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{fields}: {problem}");
    }
    let without_price = json!({"sku": "TEE", "name": "Shirt", "description": "A shirt."});
    let missing = grace.post("/v1/products", without_price).await;
    assert_eq!(missing.is_problem(422, "invalid_body").json["errors"][0]["pointer"], "/price");
    grace
        .request("POST", "/v1/products")
        .raw("text/plain", "{}")
        .send()
        .await
        .is_problem(415, "unsupported_media_type");
    grace.request("POST", "/v1/products").raw("application/json", "{").send().await.is_problem(400, "malformed_json");
    let huge = draft_with("TEE", json!({"description": "x".repeat(1024 * 1024)}));
    grace.post("/v1/products", huge).await.is_problem(413, "body_too_large");
    assert_eq!((shop.count("products").await, shop.count("inventory").await), (0, 0));
}

#[tokio::test]
async fn a_product_can_be_created_published_but_not_archived() {
    let shop = TestShop::start().await;
    let grace = shop.seller("grace").await;
    let admin = shop.admin("admin").await;
    let kitchen = category(&admin, "Kitchen", None).await;
    let body = |sku, status: &str| draft_with(sku, json!({"status": status, "category": kitchen}));
    grace.post("/v1/products", body("MUG-1", "published")).await.is(201);
    grace.post("/v1/products", body("MUG-2", "archived")).await.is_problem(409, "illegal_transition");
    let counted = shop.get("/v1/categories/kitchen").await.json["productCount"].clone();
    assert_eq!((counted, shop.count("products").await), (Value::from(1), 1));
}
