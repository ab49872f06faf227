//! Rows of an import file, as the operator's command line hands them over.

use products::import::import_line;
use serde_json::{Value, json};
use shared::app::import_products::RowOutcome;
use tests::{Person, TestShop};

use super::{draft, draft_with, shirt};

async fn import(shop: &TestShop, seller: &Person, row: &Value) -> RowOutcome {
    import_line(shop.store(), seller.id, &row.to_string(), shop.clock.now()).await.unwrap()
}

#[tokio::test]
async fn a_repeated_row_changes_nothing_and_a_different_row_updates() {
    let shop = TestShop::start().await;
    let grace = shop.seller("grace").await;
    let fields =
        json!({"category": "home/kitchen", "brand": "Acme", "inventory": {"quantity": 9}, "status": "published"});
    let row = draft_with("MUG-1", fields);
    let RowOutcome::Created(id) = import(&shop, &grace, &row).await else { panic!("not created") };
    assert_eq!(shop.get("/v1/categories/home%2Fkitchen").await.is(200).json["productCount"], 1);
    let path = format!("/v1/products/{id}");
    let before = shop.get(&path).await.is(200).json.clone();

    shop.customer("ada").await.order(&id.to_string(), 2).await.is(201);
    assert_eq!(import(&shop, &grace, &row).await, RowOutcome::Unchanged(id));
    assert_eq!(shop.stock_of("MUG-1").await.available, 7);

    let dearer = draft_with("MUG-1", json!({"price": {"regular": 1100, "sale": 900}}));
    assert_eq!(import(&shop, &grace, &dearer).await, RowOutcome::Updated(id));
    let after = shop.get(&path).await.json;
    assert_eq!(after["price"]["effective"], 900);
    for kept in ["brand", "category", "status", "slug", "createdAt"] {
        assert_eq!(after[kept], before[kept], "{kept}");
    }
}

#[tokio::test]
async fn a_row_may_describe_variants() {
    let shop = TestShop::start().await;
    let grace = shop.seller("grace").await;
    assert!(matches!(import(&shop, &grace, &shirt("TEE")).await, RowOutcome::Created(_)));
    assert!(matches!(import(&shop, &grace, &shirt("TEE")).await, RowOutcome::Unchanged(_)));
    assert_eq!(shop.stock_of("TEE-M").await.on_hand, 5);
}

#[tokio::test]
async fn a_rejected_row_gives_its_reason_and_stores_nothing() {
    let shop = TestShop::start().await;
    let (grace, rival) = (shop.seller("grace").await, shop.seller("rival").await);
    import(&shop, &rival, &draft_with("RIVAL", json!({"slug": "rival", "category": "home"}))).await;
    let bad_slug = draft_with("MUG-1", json!({"category": "a/b", "slug": "rival"}));
    for (row, field) in [
        (json!({"sku": "MUG-1"}), ""),
        (draft_with("MUG-1", json!({"price": {"regular": -1}})), "price"),
        (draft_with("MUG-1", json!({"price": {"regular": 1.5}})), "price.regular"),
        (draft_with("MUG-1", json!({"name": "x"})), "name"),
        (draft_with("MUG-1", json!({"colour": "red"})), ""),
        (draft_with("MUG-1", json!({"category": "No Slug"})), "category"),
        (draft_with("MUG-1", json!({"category": "other/home"})), "category"),
        (draft_with("MUG-1", json!({"status": "archived"})), "status"),
        (bad_slug, "slug"),
        (draft("RIVAL"), "sku"),
        (json!([1, 2]), ""),
    ] {
        let RowOutcome::Rejected(reasons) = import(&shop, &grace, &row).await else { panic!("{row} was taken") };
        assert!(reasons[0].starts_with(field), "{row}: {reasons:?}");
    }
    let none = import_line(shop.store(), grace.id, "{nonsense", shop.clock.now()).await.unwrap();
    assert!(matches!(none, RowOutcome::Rejected(_)));
    assert_eq!(
        (shop.count("products").await, shop.count("categories").await, shop.count("inventory").await),
        (1, 1, 1)
    );
}
