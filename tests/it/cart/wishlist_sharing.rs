use bson::{Document, doc};
use serde_json::{Value, json};
use shared::domain::secret_hash::sha256_hex;
use tests::{Person, TestShop};

use super::wishlist_items::list;

async fn share(person: &Person, path: &str) -> String {
    let shared = person.request("POST", &format!("{path}/share")).send().await;
    let token = shared.is(200).json["shareToken"].as_str().unwrap().to_owned();
    let url = format!("/v1/wishlists/shared/{token}");
    assert_eq!(shared.json, json!({"shareToken": token, "url": url, "isPublic": true}));
    token
}

async fn is_readable(shop: &TestShop, token: &str) -> bool {
    let reply = shop.get(&format!("/v1/wishlists/shared/{token}")).await;
    if reply.status == 200 {
        return true;
    }
    reply.is_problem(404, "not_found");
    false
}

#[tokio::test]
async fn a_shared_list_shows_its_products_but_not_its_owner() {
    let shop = TestShop::start().await;
    let seller = shop.seller("grace").await;
    let (mug, pot) =
        (shop.product_of(&seller, "MUG-1", json!({})).await, shop.product_of(&seller, "POT-1", json!({})).await);
    let ada = shop.customer("ada").await;
    let path = list(&ada, "Birthday").await;
    ada.put(&format!("{path}/items/{mug}"), json!({"priority": 1, "notes": "as a surprise for Bob"})).await.is(200);
    ada.put(&format!("{path}/items/{pot}"), json!({})).await.is(200);
    seller.post(&format!("/v1/products/{pot}/archive"), json!({})).await.is(200);
    let token = share(&ada, &path).await;
    assert_eq!(token.len(), 43, "256 bits");

    let seen = shop.get(&format!("/v1/wishlists/shared/{token}")).await;
    let price = json!({"regular": 1000, "sale": null, "currency": "USD", "effective": 1000});
    let (mug_card, pot_card) = (
        json!({
            "id": mug, "slug": "product-mug-1", "name": "Product MUG-1", "image": null, "price": price,
            "availability": "in_stock",
        }),
        json!({"id": pot, "slug": null, "name": null, "image": null, "price": null, "availability": "unavailable"}),
    );
    let items = json!([{"product": mug_card, "priority": 1}, {"product": pot_card, "priority": 3}]);
    assert_eq!(seen.is(200).json, json!({"name": "Birthday", "items": items}));
    assert_eq!(seen.header("cache-control"), Some("no-store"));
    // The owner sees that it is shared, and cannot see the token again.
    let own = ada.get(&path).await;
    assert_eq!((&own.is(200).json["isPublic"], own.json.get("shareToken")), (&json!(true), None));
    let stored = shop.store().database().collection::<Document>("wishlists").find_one(doc! {}).await.unwrap().unwrap();
    assert_eq!(stored.get_str("shareToken").unwrap(), sha256_hex(&token));
}

#[tokio::test]
async fn sharing_again_or_unsharing_invalidates_old_links() {
    let shop = TestShop::start().await;
    let (ada, eve) = (shop.customer("ada").await, shop.customer("eve").await);
    let path = list(&ada, "Birthday").await;
    let first = share(&ada, &path).await;
    let second = share(&ada, &path).await;
    assert_eq!((is_readable(&shop, &first).await, is_readable(&shop, &second).await), (false, true));

    let hidden = ada.patch(&path, json!({"isPublic": false})).await;
    assert_eq!(hidden.is(200).json["isPublic"], false);
    assert!(!is_readable(&shop, &second).await);
    // Shared again by a change, with another token.
    let shown = ada.patch(&path, json!({"isPublic": true})).await;
    let third = shown.is(200).json["shareToken"].as_str().unwrap().to_owned();
    assert_eq!((is_readable(&shop, &second).await, is_readable(&shop, &third).await), (false, true));
    let as_before = ada.patch(&path, json!({"isPublic": true, "name": "Christmas"})).await;
    assert_eq!((&as_before.is(200).json["isPublic"], as_before.json.get("shareToken")), (&json!(true), None));
    assert!(is_readable(&shop, &third).await);

    let born_public = eve.post("/v1/wishlists", json!({"name": "Mine", "isPublic": true})).await;
    let token = born_public.is(201).json["shareToken"].as_str().unwrap().to_owned();
    assert!(is_readable(&shop, &token).await);
    eve.delete(&format!("/v1/wishlists/{}", born_public.id())).await.is(204);
    assert!(!is_readable(&shop, &token).await);
}

#[tokio::test]
async fn only_the_token_opens_a_shared_list() {
    let shop = TestShop::start().await;
    let ada = shop.customer("ada").await;
    let (private, public) = (list(&ada, "Private").await, list(&ada, "Public").await);
    let token = share(&ada, &public).await;
    let id = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    for guess in [id(&private), id(&public), sha256_hex(&token), "x".repeat(300), "share".to_owned(), "null".to_owned()]
    {
        assert!(!is_readable(&shop, &guess).await, "{guess}");
    }
    let lists: Vec<Value> = ada.get("/v1/wishlists").await.is(200).json["items"].as_array().unwrap().clone();
    let public: Vec<&Value> = lists.iter().map(|list| &list["isPublic"]).collect();
    assert_eq!(public, [true, false]);
}
