use futures::future::join_all;
use serde_json::{Value, json};
use shared::domain::{Id, wishlist::MAX_ITEMS};
use tests::{Person, Reply, TestShop};

use super::{UNKNOWN_HASH, shirt};

/// Starts a list; its path.
pub(super) async fn list(person: &Person, name: &str) -> String {
    format!("/v1/wishlists/{}", person.post("/v1/wishlists", json!({"name": name})).await.is(201).id())
}

/// The products on a list.
#[track_caller]
pub(super) fn products(reply: &Reply) -> Vec<&str> {
    let items = reply.is(200).json["items"].as_array().unwrap();
    items.iter().map(|item| item["product"]["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_product_is_on_a_list_once_with_its_latest_notes() {
    let shop = TestShop::start().await;
    let images = json!([{"url": "https://images.example/mug.webp"}]);
    let price = json!({"regular": 1000, "sale": 800, "currency": "USD"});
    let mug = shop.product("MUG-1", json!({"images": images, "price": price, "inventory": {"quantity": 50}})).await;
    let ada = shop.customer("ada").await;
    let path = list(&ada, "Birthday").await;
    let item = format!("{path}/items/{mug}");
    let put = ada.put(&item, json!({"priority": 1, "notes": "the blue one"})).await;
    let added_at = put.is(200).json["items"][0]["addedAt"].clone();
    let card = json!({
        "id": mug, "slug": "product-mug-1", "name": "Product MUG-1", "image": "https://images.example/mug.webp",
        "price": {"regular": 1000, "sale": 800, "currency": "USD", "effective": 800}, "availability": "in_stock",
    });
    let expected = json!([{"product": card, "priority": 1, "notes": "the blue one", "addedAt": added_at}]);
    assert_eq!(put.json["items"], expected);
    // The same again changes nothing, not even when it was changed.
    let again = ada.put(&item, json!({"priority": 1, "notes": "the blue one"})).await;
    assert_eq!(again.is(200).json, put.json);
    // What is not said is not said: it does not stay from the last time.
    let bare = ada.request("PUT", &item).send().await;
    let bare = &bare.is(200).json["items"][0];
    assert_eq!((&bare["priority"], &bare["notes"], &bare["addedAt"]), (&json!(3), &Value::Null, &added_at));
    let blank = ada.put(&item, json!({"notes": "  \n"})).await;
    assert_eq!(blank.is(200).json["items"][0]["notes"], Value::Null);

    for _ in 0..2 {
        ada.delete(&item).await.is(204);
    }
    assert_eq!(products(&ada.get(&path).await), Vec::<&str>::new());
    ada.delete(&format!("{path}/items/x")).await.is_problem(404, "not_found");
}

#[tokio::test]
async fn an_invalid_request_is_refused() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 5).await;
    let ada = shop.customer("ada").await;
    let path = list(&ada, "Birthday").await;
    let item = format!("{path}/items/{mug}");
    for (body, code) in [
        (json!({"priority": 0}), "invalid_body"),
        (json!({"priority": 6}), "invalid_body"),
        (json!({"priority": "high"}), "invalid_body"),
        (json!({"priority": 1.5}), "invalid_body"),
        (json!({"notes": 7}), "invalid_body"),
        (json!({"quantity": 7}), "invalid_body"),
        (json!({"notes": "x".repeat(501)}), "validation_failed"),
        (json!({"notes": "\u{1b}[31m"}), "validation_failed"),
        (json!({"notes": "4242 4242 4242 4242"}), "raw_card_data_refused"),
    ] {
        ada.put(&item, body).await.is_problem(422, code);
    }
    for product in [UNKNOWN_HASH, "x"] {
        ada.put(&format!("{path}/items/{product}"), json!({})).await.is_problem(404, "not_found");
    }
    assert_eq!(products(&ada.get(&path).await), Vec::<&str>::new());
}

#[tokio::test]
async fn a_product_that_is_gone_stays_on_the_list_as_unavailable() {
    let shop = TestShop::start().await;
    let seller = shop.seller("grace").await;
    let mug = shop.product_of(&seller, "MUG-1", json!({})).await;
    let ada = shop.customer("ada").await;
    let (path, other) = (list(&ada, "Birthday").await, list(&ada, "Christmas").await);
    ada.put(&format!("{path}/items/{mug}"), json!({"notes": "the blue one"})).await.is(200);
    seller.post(&format!("/v1/products/{mug}/archive"), json!({})).await.is(200);
    let shown = ada.get(&path).await.is(200).json["items"][0].clone();
    let gone =
        json!({"id": mug, "slug": null, "name": null, "image": null, "price": null, "availability": "unavailable"});
    assert_eq!((&shown["product"], &shown["notes"]), (&gone, &json!("the blue one")));
    // What is said about it can still be changed; on another list it is nothing that one could wish for.
    ada.put(&format!("{path}/items/{mug}"), json!({"priority": 5})).await.is(200);
    ada.put(&format!("{other}/items/{mug}"), json!({})).await.is_problem(404, "not_found");
    seller.post(&format!("/v1/products/{mug}/publish"), json!({})).await.is(200);
    assert_eq!(ada.get(&path).await.json["items"][0]["product"]["availability"], "in_stock");
}

#[tokio::test]
async fn a_product_card_sums_the_stock_of_all_variants() {
    let shop = TestShop::start().await;
    let (shirt, none) = (shirt(&shop).await, shop.stock("MUG-1", 0).await);
    let ada = shop.customer("ada").await;
    let path = list(&ada, "Birthday").await;
    ada.put(&format!("{path}/items/{shirt}"), json!({})).await.is(200);
    let cart = ada.put(&format!("{path}/items/{none}"), json!({})).await;
    let items = cart.is(200).json["items"].as_array().unwrap();
    let availability: Vec<&Value> = items.iter().map(|item| &item["product"]["availability"]).collect();
    // Three and five; the threshold is ten.
    assert_eq!(availability, ["low_stock", "out_of_stock"]);
}

#[tokio::test]
async fn parallel_changes_are_all_kept() {
    let shop = TestShop::start().await;
    let seller = shop.seller("grace").await;
    let mut mugs = Vec::new();
    for number in 0..12 {
        mugs.push(shop.product_of(&seller, &format!("MUG-{number}"), json!({})).await);
    }
    let ada = shop.customer("ada").await;
    let path = list(&ada, "Birthday").await;
    for mug in &mugs[..6] {
        ada.put(&format!("{path}/items/{mug}"), json!({})).await.is(200);
    }
    join_all(mugs.iter().enumerate().map(|(number, mug)| {
        let (ada, item) = (&ada, format!("{path}/items/{mug}"));
        async move {
            if number < 6 {
                ada.delete(&item).await.is(204).status
            } else {
                ada.put(&item, json!({})).await.is(200).status
            }
        }
    }))
    .await;
    let shown = ada.get(&path).await;
    let mut found = products(&shown);
    let mut expected: Vec<&str> = mugs[6..].iter().map(String::as_str).collect();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_list_has_at_most_500_products() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 5).await;
    let ada = shop.customer("ada").await;
    let path = list(&ada, "Everything").await;
    let id = path.rsplit('/').next().unwrap().parse().unwrap();
    let mut full = shop.store().wishlists.find_of(ada.id, id).await.unwrap().unwrap();
    for _ in 0..MAX_ITEMS {
        let _ = full.put(Id::new(), 3.try_into().unwrap(), None, shop.clock.now()).unwrap();
    }
    shop.store().wishlists.save(&mut full).await.unwrap();
    ada.put(&format!("{path}/items/{mug}"), json!({})).await.is_problem(409, "conflict");
    ada.delete(&format!("{path}/items/{}", full.items[0].product)).await.is(204);
    let filled = ada.put(&format!("{path}/items/{mug}"), json!({})).await;
    assert_eq!(products(&filled).len(), MAX_ITEMS);
}
