//! `GET /v1/orders`, remarks on orders, and what each of those who see an order sees of it.

use std::time::Duration;

use serde_json::{Value, json};
use tests::TestShop;

use super::two_sellers;

fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|order| order["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn each_caller_lists_their_own_orders_page_by_page() {
    let shop = TestShop::start().await;
    let (grace, eve) = (shop.seller("grace").await, shop.seller("eve").await);
    let mug = shop.product_of(&grace, "MUG-1", json!({})).await;
    let (ada, bob, root) = (shop.customer("ada").await, shop.customer("bob").await, shop.admin("root").await);
    let mut mine = Vec::new();
    for quantity in 1..=3 {
        mine.insert(0, ada.order(&mug, quantity).await.is(201).id());
    }
    bob.order(&mug, 1).await.is(201);

    let first = ada.get("/v1/orders?limit=2&count=true").await;
    assert_eq!(ids(&first.is(200).json), mine[..2]);
    assert_eq!(first.json["count"], 3);
    let cursor = first.json["nextCursor"].as_str().unwrap();
    let rest = ada.get(&format!("/v1/orders?limit=2&cursor={cursor}")).await;
    assert_eq!(ids(&rest.is(200).json), mine[2..]);
    assert!(rest.json["nextCursor"].is_null());

    assert_eq!(ids(&root.get("/v1/orders").await.json).len(), 4);
    assert_eq!(ids(&grace.get("/v1/orders").await.json).len(), 4);
    assert_eq!(ids(&eve.get("/v1/orders").await.json).len(), 0);
    assert_eq!(ids(&ada.get("/v1/orders?status=cancelled").await.json).len(), 0);
    ada.get("/v1/orders?status=lost").await.is_problem(422, "invalid_query");
}

#[tokio::test]
async fn a_period_includes_its_start_and_excludes_its_end() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 20).await;
    let ada = shop.customer("ada").await;
    let mut placed = Vec::new();
    for quantity in 1..=4 {
        let order = ada.order(&mug, quantity).await.is(201).json.clone();
        placed.push((order["id"].clone(), order["createdAt"].as_str().unwrap().to_owned()));
        shop.clock.advance(Duration::from_secs(60));
    }
    let between = format!("from={}&to={}", placed[1].1, placed[3].1);
    let first = ada.get(&format!("/v1/orders?{between}&limit=1&count=true")).await;
    assert_eq!((&first.is(200).json["items"][0]["id"], &first.json["count"]), (&placed[2].0, &json!(2)));
    let cursor = first.json["nextCursor"].as_str().unwrap();
    let rest = ada.get(&format!("/v1/orders?{between}&limit=1&cursor={cursor}")).await;
    assert_eq!((&rest.is(200).json["items"][0]["id"], &rest.json["nextCursor"]), (&placed[1].0, &Value::Null));
    assert_eq!(ids(&ada.get("/v1/orders?status=pending").await.is(200).json).len(), 4);
    ada.get("/v1/orders?from=yesterday").await.is_problem(422, "invalid_query");
}

#[tokio::test]
async fn notes_of_the_shop_are_hidden_from_the_customer() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 5).await;
    let (ada, root) = (shop.customer("ada").await, shop.admin("root").await);
    let order = ada.order(&mug, 1).await.is(201).id();
    let added = root.post(&format!("/v1/orders/{order}/notes"), json!({"text": "Fragile."})).await;
    assert_eq!(added.is(200).json["notes"]["admin"], "Fragile.");
    assert!(ada.get(&format!("/v1/orders/{order}")).await.json["notes"]["admin"].is_null());
    ada.post(&format!("/v1/orders/{order}/notes"), json!({"text": "Mine."})).await.is_problem(403, "forbidden");
}

#[tokio::test]
async fn a_seller_reads_no_notes_of_other_sellers_or_of_the_shop() {
    let shop = TestShop::start().await;
    let sale = two_sellers(&shop).await;
    let path = format!("/v1/orders/{}", sale.order);
    for (person, text) in [(&sale.grace, "From Grace."), (&sale.eve, "From Eve."), (&sale.admin, "From the shop.")] {
        person.post(&format!("{path}/notes"), json!({"text": text})).await.is(200);
    }
    for (seller, own) in [(&sale.grace, "From Grace."), (&sale.eve, "From Eve.")] {
        for order in [seller.get(&path).await.json.clone(), seller.get("/v1/orders").await.json["items"][0].clone()] {
            assert_eq!(order["notes"]["admin"], own);
            assert_eq!(order["notes"]["remarks"].as_array().unwrap().len(), 1);
        }
    }
    let all = sale.admin.get(&path).await.is(200).json["notes"].clone();
    assert_eq!(all["admin"], "From Grace.\nFrom Eve.\nFrom the shop.");
    assert_eq!(
        (&all["remarks"][1]["text"], &all["remarks"][1]["by"]),
        (&json!("From Eve."), &json!(sale.eve.id.to_string()))
    );
    assert!(all["remarks"][1]["at"].is_string());
    let customers = sale.ada.get(&path).await.json["notes"].clone();
    assert_eq!(customers, json!({"remarks": []}));
}

#[tokio::test]
async fn the_number_of_notes_on_an_order_is_limited() {
    let shop = TestShop::start().await;
    let sale = two_sellers(&shop).await;
    let mut order = shop.find_order(&sale.order).await;
    for number in 0..99 {
        order.note(number.to_string(), sale.admin.id, shop.clock.now()).unwrap();
    }
    shop.store().orders.save(&mut order).await.unwrap();
    let path = format!("/v1/orders/{}/notes", sale.order);
    sale.grace.post(&path, json!({"text": "The last."})).await.is(200);
    sale.grace.post(&path, json!({"text": "One more."})).await.is_problem(409, "conflict");
}

#[tokio::test]
async fn a_seller_who_buys_sees_that_order_as_a_customer_does() {
    let shop = TestShop::start().await;
    let (grace, eve) = (shop.seller("grace").await, shop.seller("eve").await);
    let (mug, spade) =
        (shop.product_of(&grace, "MUG-1", json!({})).await, shop.product_of(&eve, "SPADE-1", json!({})).await);
    let sold = shop.customer("ada").await.order(&mug, 1).await.is(201).id();
    shop.customer("bob").await.order(&spade, 1).await.is(201);
    let bought = grace.order(&spade, 1).await.is(201).id();
    // One page each, so that the cursor continues a list of both kinds.
    let first = grace.get("/v1/orders?limit=1&count=true").await;
    assert_eq!((&first.is(200).json["items"][0]["id"], &first.json["count"]), (&json!(bought), &json!(2)));
    let cursor = first.json["nextCursor"].as_str().unwrap();
    let rest = grace.get(&format!("/v1/orders?limit=1&cursor={cursor}")).await;
    assert_eq!((&rest.is(200).json["items"][0]["id"], &rest.json["nextCursor"]), (&json!(sold), &Value::Null));
    let (as_customer, as_seller) = (&first.json["items"][0], &rest.json["items"][0]);
    assert_eq!(as_customer, &grace.get(&format!("/v1/orders/{bought}")).await.is(200).json);
    assert_eq!((&as_customer["email"], &as_customer["pricing"]["subtotal"]), (&json!(grace.email), &json!(1000)));
    assert!(
        as_seller.get("email").is_none() && as_seller.get("payment").is_none() && as_seller.get("pricing").is_none()
    );
    let found =
        grace.get(&format!("/v1/orders?status=pending&q={}", as_customer["orderNumber"].as_str().unwrap())).await;
    assert_eq!(found.is(200).json["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn only_administrators_find_orders_by_email() {
    let shop = TestShop::start().await;
    let sale = two_sellers(&shop).await;
    let found = |list: &Value| list["items"].as_array().unwrap().len();
    let path = format!("/v1/orders?q={}", sale.ada.email);
    assert_eq!(found(&sale.admin.get(&path).await.is(200).json), 1);
    for person in [&sale.grace, &sale.eve, &sale.ada] {
        assert_eq!(found(&person.get(&path).await.is(200).json), 0);
    }
    let endless = sale.admin.get(&format!("/v1/orders?q={}", "x".repeat(201))).await;
    let error = &endless.is_problem(422, "invalid_query").json["errors"][0];
    assert_eq!((&error["pointer"], &error["code"]), (&json!("/q"), &json!("too_long")));
    let number = shop.find_order(&sale.order).await.order_number.to_lowercase();
    for person in [&sale.grace, &sale.ada, &sale.admin] {
        assert_eq!(found(&person.get(&format!("/v1/orders?q={number}")).await.is(200).json), 1);
    }
}

#[tokio::test]
async fn a_list_shows_payments_and_to_administrators_the_actors() {
    let shop = TestShop::start().await;
    let sale = two_sellers(&shop).await;
    let tracking = json!({"carrier": "DHL", "trackingNumber": "GRACE-1"});
    sale.grace.post(&format!("/v1/orders/{}/ship", sale.order), tracking).await.is(200);
    let payment = shop.payment_of(&sale.order).await;
    let summary = json!({"id": payment.id.to_string(), "status": "completed", "method": "credit_card"});
    for person in [&sale.ada, &sale.admin] {
        let listed = person.get("/v1/orders").await.is(200).json["items"][0].clone();
        assert_eq!(listed["payment"], summary);
        assert_eq!(listed, person.get(&format!("/v1/orders/{}", sale.order)).await.is(200).json);
        let is_admin = person.id == sale.admin.id;
        let last = listed["timeline"].as_array().unwrap().last().unwrap();
        let grace = json!(sale.grace.id.to_string());
        assert_eq!(last.get("updatedBy"), is_admin.then_some(&grace));
        assert_eq!(listed.get("user"), is_admin.then_some(&json!(sale.ada.id.to_string())));
    }
    let sellers = sale.grace.get("/v1/orders").await.is(200).json["items"][0].clone();
    assert!(sellers.get("user").is_none() && !sellers.to_string().contains("updatedBy"));
}

#[tokio::test]
async fn a_cancelled_order_is_not_cancelled_again() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 5).await;
    let ada = shop.customer("ada").await;
    let order = ada.order(&mug, 1).await.is(201).id();
    let cancel = |key: &'static str| {
        ada.request("POST", &format!("/v1/orders/{order}/cancel")).key(key).json(json!({"reason": "too many"})).send()
    };
    let first = cancel("click").await;
    assert_eq!(first.is(200).json["status"], "cancelled");
    assert_eq!(first.json["cancellation"], json!({"reason": "requested", "note": "too many"}));
    let again = cancel("click").await;
    assert_eq!((again.is(200).body.clone(), again.header("idempotent-replayed")), (first.body.clone(), Some("true")));
    let refused = cancel("another-click").await;
    assert_eq!(
        refused.is_problem(409, "order_not_cancellable").json["detail"],
        "An order in the state `cancelled` cannot be cancelled."
    );
    assert_eq!((shop.find_order(&order).await.timeline.len(), shop.stock_of("MUG-1").await.available), (2, 5));
    shop.verify().await;
}
