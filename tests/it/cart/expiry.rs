//! Carts live for a while after their last change.

use std::time::Duration;

use bson::Document;
use futures::TryStreamExt;
use mongodb::IndexModel;
use shared::domain::Timestamp;
use tests::{Reply, TestShop};

use super::{Guest, lines};

const DAY: Duration = Duration::from_secs(24 * 3600);

fn expires_at(reply: &Reply) -> Timestamp {
    serde_json::from_value(reply.is(200).json["expiresAt"].clone()).unwrap()
}

#[tokio::test]
async fn a_guests_cart_lives_for_seven_days_after_its_last_change() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 50).await;
    let guest = Guest::with(&shop, &mug, 1).await;
    shop.clock.advance(DAY * 6);
    let changed = guest.add(&mug, 1).await;
    let left = expires_at(&changed).since(shop.clock.now());
    assert!(left > DAY * 7 - Duration::from_secs(60) && left <= DAY * 7, "{left:?}");
    shop.clock.advance(DAY * 6);
    assert_eq!(lines(&guest.cart().await), [(mug.clone(), 2)], "looking is no change, but it is still there");
    shop.clock.advance(DAY);
    // The server removes it a little later; it is not found meanwhile.
    guest.cart().await.is_problem(404, "cart_not_found");
    guest.add(&mug, 1).await.is_problem(404, "cart_not_found");
}

#[tokio::test]
async fn a_customers_cart_lives_for_thirty_days_after_its_last_change() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 50).await;
    let ada = shop.customer("ada").await;
    let left = expires_at(&ada.add_to_cart(&mug, 1).await).since(shop.clock.now());
    assert!(left > DAY * 30 - Duration::from_secs(60) && left <= DAY * 30, "{left:?}");
}

#[tokio::test]
async fn the_server_removes_what_has_expired() {
    let shop = TestShop::start().await;
    let carts = shop.store().database().collection::<Document>("carts");
    let indexes: Vec<IndexModel> = carts.list_indexes().await.unwrap().try_collect().await.unwrap();
    let ttl = indexes.iter().find(|index| index.keys == bson::doc! {"expiresAt": 1}).unwrap();
    assert_eq!(ttl.options.as_ref().unwrap().expire_after, Some(Duration::ZERO));
}
