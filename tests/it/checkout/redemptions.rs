//! Redemptions: a coupon is redeemed at most as often as its limits allow, and an unpaid order restores its redemption (I4).

use std::time::Duration;

use futures::future::join_all;
use serde_json::json;
use shared::{
    domain::{Email, Id, coupon::CouponRefusal},
    store::{StoreError, coupons::Redemption},
    transaction,
};
use tests::{
    Person, TestShop,
    people::{cards, checkout_body, until_decided},
};

use super::{by_transfer, coupon, fill_cart, guest_checkout, guest_with, stored};

/// As many customers, each with a unit and a coupon in the cart.
async fn customers_with_coupon(shop: &TestShop, count: usize, product: &str, code: &str) -> Vec<Person> {
    let mut customers = Vec::new();
    for number in 0..count {
        let customer = shop.customer(&format!("customer-{number}")).await;
        fill_cart(&customer, product, 1, Some(code)).await;
        customers.push(customer);
    }
    customers
}

#[tokio::test]
async fn five_uses_make_five_discounts_under_concurrent_checkouts() {
    let shop = TestShop::start().await;
    let admin = shop.admin("root").await;
    coupon(&admin, "FIVE", json!({"usageLimit": {"total": 5}})).await;
    let mug = shop.stock("MUG-1", 100).await;
    let customers = customers_with_coupon(&shop, 30, &mug, "FIVE").await;
    let replies = join_all(customers.iter().map(|customer| customer.checkout_until_decided("mine"))).await;
    let (ordered, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 201);
    assert_eq!(ordered.len(), 5);
    for reply in ordered {
        assert_eq!((&reply.json["discount"]["amount"], &reply.json["pricing"]["total"]), (&json!(100), &json!(1400)));
    }
    for reply in refused {
        assert_eq!(reply.is_problem(422, "coupon_invalid").json["reason"], "limit_reached");
    }
    assert_eq!(stored(&shop, "FIVE").await.usage_count, 5);
    assert_eq!((shop.count("couponUses").await, shop.count("orders").await), (5, 5));
    assert_eq!(shop.stock_of("MUG-1").await.reserved, 5);
    let limit = admin.get("/v1/coupons?code=five").await.json["items"][0]["id"].as_str().unwrap().to_owned();
    let lower = admin.patch(&format!("/v1/coupons/{limit}"), json!({"usageLimit": {"total": 4}})).await;
    assert_eq!(lower.is_problem(422, "validation_failed").json["errors"][0]["pointer"], "/usageLimit/total");
}

#[tokio::test]
async fn one_use_per_customer_is_enforced_under_concurrent_checkouts() {
    let shop = TestShop::start().await;
    let admin = shop.admin("root").await;
    coupon(&admin, "ONCE", json!({"usageLimit": {"perUser": 1}})).await;
    let mug = shop.stock("MUG-1", 100).await;

    // A customer has one cart, so that ten checkouts are about the same one.
    let ada = shop.customer("ada").await;
    fill_cart(&ada, &mug, 1, Some("ONCE")).await;
    let keys: Vec<String> = (0..10).map(|number| format!("try-{number}")).collect();
    let replies = join_all(keys.iter().map(|key| ada.checkout_until_decided(key))).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1);
    for reply in replies.iter().filter(|reply| reply.status != 201) {
        assert!(matches!(reply.status.as_u16(), 409 | 422), "{}", reply.json);
    }
    assert_eq!(stored(&shop, "ONCE").await.usage_count, 1);
    ada.add_to_cart(&mug, 1).await.is(200);
    let again = ada.put("/v1/cart/coupon", json!({"code": "ONCE"})).await;
    assert_eq!(again.is_problem(422, "coupon_invalid").json["reason"], "limit_reached");

    // A guest is known by the address, and has as many carts as there are browsers.
    let mut carts = Vec::new();
    for _ in 0..10 {
        carts.push(guest_with(&shop, &mug, 1, Some("ONCE")).await);
    }
    let body = checkout_body(cards::GOOD);
    let checkouts = carts.iter().map(|token| guest_checkout(&shop, token, "Guest@example.test", body.clone()));
    let replies = join_all(checkouts).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1);
    for reply in replies.iter().filter(|reply| reply.status != 201) {
        assert_eq!(reply.is_problem(422, "coupon_invalid").json["reason"], "limit_reached");
    }
    assert_eq!(stored(&shop, "ONCE").await.usage_count, 2);
    assert_eq!((shop.count("couponUses").await, shop.count("orders").await), (2, 2));
}

#[tokio::test]
async fn a_coupon_change_keeps_concurrent_redemptions() {
    let shop = TestShop::start().await;
    let admin = shop.admin("root").await;
    let path = format!("/v1/coupons/{}", coupon(&admin, "BUSY", json!({})).await);
    let mug = shop.stock("MUG-1", 100).await;
    let customers = customers_with_coupon(&shop, 8, &mug, "BUSY").await;
    let checkouts = join_all(customers.iter().map(|customer| customer.checkout_until_decided("mine")));
    let changes = join_all((0..8).map(|number| admin.patch(&path, json!({"description": format!("take {number}")}))));
    let (replies, changes) = futures::future::join(checkouts, changes).await;
    for reply in replies {
        reply.is(201);
    }
    for change in changes {
        change.is(200);
    }
    assert_eq!(stored(&shop, "BUSY").await.usage_count, 8);
    assert_eq!(shop.count("couponUses").await, 8);
}

#[tokio::test]
async fn a_deactivated_coupon_is_unknown_and_not_exhausted() {
    let shop = TestShop::start().await;
    let admin = shop.admin("root").await;
    let id = coupon(&admin, "OFF", json!({})).await;
    admin.patch(&format!("/v1/coupons/{id}"), json!({"isActive": false})).await.is(200);
    assert_eq!(redeem(&shop, &id).await, Err(CouponRefusal::Unknown));
}

#[tokio::test]
async fn a_redemption_is_checked_against_the_stored_count() {
    let shop = TestShop::start().await;
    let id = coupon(&shop.admin("root").await, "TWICE", json!({"usageLimit": {"total": 2}})).await;
    assert_eq!(redeem(&shop, &id).await, Ok(()));
    assert_eq!(redeem(&shop, &id).await, Ok(()));
    assert_eq!(redeem(&shop, &id).await, Err(CouponRefusal::LimitReached));
    assert_eq!((stored(&shop, "TWICE").await.usage_count, shop.count("couponUses").await), (2, 2));
}

/// Redeems a coupon for a new order, without reading the coupon again.
async fn redeem(shop: &TestShop, coupon: &str) -> Result<(), CouponRefusal> {
    let used = Redemption {
        order: Id::new(),
        coupon: coupon.parse().unwrap(),
        user: None,
        email: Email::try_new("ada@example.test").unwrap(),
        created_at: shop.clock.now(),
    };
    let store = shop.store();
    let redeemed: Result<_, StoreError> = transaction!(store, |tx| { store.coupons.redeem_in(tx, &used).await });
    redeemed.unwrap()
}

#[tokio::test]
async fn a_repeated_checkout_redeems_the_coupon_once() {
    let shop = TestShop::start().await;
    coupon(&shop.admin("root").await, "SPRING", json!({})).await;
    let mug = shop.stock("MUG-1", 5).await;
    let ada = shop.customer("ada").await;
    fill_cart(&ada, &mug, 1, Some("SPRING")).await;
    let first = ada.checkout("mine").await;
    let again = ada.checkout("mine").await;
    assert_eq!((first.is(201).body.clone(), again.header("idempotent-replayed")), (again.body.clone(), Some("true")));
    assert_eq!(stored(&shop, "SPRING").await.usage_count, 1);
}

#[tokio::test]
async fn a_redemption_is_restored_once_when_an_order_ends_unpaid() {
    let shop = TestShop::start().await;
    coupon(&shop.admin("root").await, "SPRING", json!({"usageLimit": {"total": 2}})).await;
    let mug = shop.stock("MUG-1", 9).await;
    let (ada, bob) = (shop.customer("ada").await, shop.customer("bob").await);
    fill_cart(&ada, &mug, 1, Some("SPRING")).await;
    fill_cart(&bob, &mug, 1, Some("SPRING")).await;
    let cancelled = ada.checkout_with("unpaid", by_transfer()).await.is(201).id();
    let expired = bob.checkout_with("unpaid", by_transfer()).await.is(201).id();
    assert_eq!(stored(&shop, "SPRING").await.usage_count, 2);

    let path = format!("/v1/orders/{cancelled}/cancel");
    for key in ["click", "click"] {
        ada.request("POST", &path).key(key).json(json!({})).send().await.is(200);
    }
    let again = ada.request("POST", &path).key("another-click").json(json!({})).send().await;
    again.is_problem(409, "order_not_cancellable");
    assert_eq!(stored(&shop, "SPRING").await.usage_count, 1);
    shop.clock.advance(Duration::from_secs(8 * 24 * 3600));
    for _ in 0..2 {
        shop.run_maintenance().await;
        shop.run_queues().await;
    }
    assert_eq!(bob.get(&format!("/v1/orders/{expired}")).await.json["status"], "cancelled");
    assert_eq!(stored(&shop, "SPRING").await.usage_count, 0);
    assert_eq!(shop.count("couponUses").await, 0);
}

#[tokio::test]
async fn a_refund_restores_no_redemption() {
    let shop = TestShop::start().await;
    coupon(&shop.admin("root").await, "SPRING", json!({})).await;
    let mug = shop.stock("MUG-1", 9).await;
    let ada = shop.customer("ada").await;
    fill_cart(&ada, &mug, 1, Some("SPRING")).await;
    let order = ada.checkout("paid").await.is(201).id();
    shop.run_queues().await;
    assert_eq!(shop.find_order(&order).await.status.as_str(), "processing");
    let cancel = ada.request("POST", &format!("/v1/orders/{order}/cancel")).key("click").json(json!({}));
    cancel.send().await.is(200);
    shop.run_queues().await;
    assert_eq!(shop.payment_of(&order).await.status.as_str(), "refunded");
    assert_eq!(stored(&shop, "SPRING").await.usage_count, 1);
    assert_eq!(shop.count("couponUses").await, 1);
}

#[tokio::test]
async fn a_guest_and_an_account_with_one_email_share_their_redemptions() {
    let shop = TestShop::start().await;
    let admin = shop.admin("root").await;
    let mug = shop.stock("MUG-1", 50).await;
    for (code, fields, reason) in [
        ("ONCE", json!({"usageLimit": {"perUser": 1}}), "limit_reached"),
        ("WELCOME", json!({"userRestrictions": {"newUsersOnly": true}}), "not_eligible"),
    ] {
        coupon(&admin, code, fields).await;
        let (ada, bob) = (shop.customer("ada").await, shop.customer("bob").await);
        // As a guest first.
        let token = guest_with(&shop, &mug, 1, Some(code)).await;
        guest_checkout(&shop, &token, &ada.email, checkout_body(cards::GOOD)).await.is(201);
        ada.add_to_cart(&mug, 1).await.is(200);
        let refused = ada.put("/v1/cart/coupon", json!({"code": code})).await;
        assert_eq!(refused.is_problem(422, "coupon_invalid").json["reason"], reason, "{code}");
        // With the account first.
        fill_cart(&bob, &mug, 1, Some(code)).await;
        bob.checkout("mine").await.is(201);
        let token = guest_with(&shop, &mug, 1, Some(code)).await;
        let refused = guest_checkout(&shop, &token, &bob.email, checkout_body(cards::GOOD)).await;
        assert_eq!(refused.is_problem(422, "coupon_invalid").json["reason"], reason, "{code}");
        assert_eq!(stored(&shop, code).await.usage_count, 2);
    }
}

#[tokio::test]
async fn a_customer_is_new_once_under_concurrent_orders() {
    let shop = TestShop::start().await;
    let admin = shop.admin("root").await;
    coupon(&admin, "WELCOME", json!({"userRestrictions": {"newUsersOnly": true}})).await;
    let mug = shop.stock("MUG-1", 50).await;
    let mut tokens = Vec::new();
    for _ in 0..6 {
        tokens.push(guest_with(&shop, &mug, 1, Some("WELCOME")).await);
    }
    let checkouts = tokens
        .iter()
        .map(|token| until_decided(async || guest_checkout(&shop, token, "new@example.test", by_transfer()).await));
    let replies = join_all(checkouts).await;
    let (ordered, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 201);
    assert_eq!((ordered.len(), shop.count("orders").await), (1, 1));
    for reply in refused {
        assert_eq!(reply.is_problem(422, "coupon_invalid").json["reason"], "not_eligible");
    }
    assert_eq!(stored(&shop, "WELCOME").await.usage_count, 1);
    shop.verify().await;
}
