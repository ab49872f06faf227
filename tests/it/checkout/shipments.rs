//! Shipments of orders with several sellers, and their visibility.

use futures::future::join_all;
use serde_json::{Value, json};
use tests::{Person, Reply, TestShop};

use super::two_sellers;

/// Ships the lines of this person.
async fn ship(person: &Person, order: &str, number: &str) -> Reply {
    let link = format!("https://track.example.test/{number}");
    let body = json!({"carrier": "DHL", "trackingNumber": number, "trackingUrl": link});
    person.post(&format!("/v1/orders/{order}/ship"), body).await
}

async fn deliver(person: &Person, order: &str) -> Reply {
    person.post(&format!("/v1/orders/{order}/deliver"), json!({})).await
}

async fn seen(person: &Person, order: &str) -> Value {
    person.get(&format!("/v1/orders/{order}")).await.is(200).json.clone()
}

/// The tracking numbers that an order shows, and the one of the latest parcel.
fn numbers(order: &Value) -> (Vec<&str>, Option<&str>) {
    let parcels = order["shipments"].as_array().unwrap().iter();
    let numbers = parcels.map(|parcel| parcel["trackingNumber"].as_str().unwrap()).collect();
    (numbers, order["tracking"]["trackingNumber"].as_str())
}

#[tokio::test]
async fn each_seller_has_a_parcel_and_sees_no_other() {
    let shop = TestShop::start().await;
    let sale = two_sellers(&shop).await;
    let shipped = ship(&sale.grace, &sale.order, "GRACE-1").await;
    assert_eq!((&shipped.is(200).json["status"], numbers(&shipped.json).0), (&json!("processing"), vec!["GRACE-1"]));
    let shipped = ship(&sale.eve, &sale.order, "EVE-1").await;
    assert_eq!(shipped.is(200).json["status"], "shipped");

    for (seller, number, stranger) in [(&sale.grace, "GRACE-1", "EVE-1"), (&sale.eve, "EVE-1", "GRACE-1")] {
        for order in [seen(seller, &sale.order).await, seller.get("/v1/orders").await.json["items"][0].clone()] {
            assert_eq!(numbers(&order), (vec![number], Some(number)));
            assert_eq!(order["shipments"][0]["items"], json!([order["items"][0]["id"]]));
            assert!(!order.to_string().contains(stranger), "{order}");
        }
    }
    for person in [&sale.ada, &sale.admin] {
        let order = seen(person, &sale.order).await;
        assert_eq!(numbers(&order), (vec!["GRACE-1", "EVE-1"], Some("EVE-1")));
        assert_eq!(order["shipments"][0]["seller"], sale.grace.id.to_string());
        assert_eq!(order["shipments"][0]["trackingUrl"], "https://track.example.test/GRACE-1");
    }
    // The shop finds a parcel by its number, the latest or not; other callers cannot look a number up.
    for number in ["GRACE-1", "EVE-1", "NONE-1"] {
        let found = |reply: &Reply| reply.is(200).json["items"].as_array().unwrap().len();
        let asked = format!("/v1/orders?q={number}");
        assert_eq!(found(&sale.admin.get(&asked).await), usize::from(number != "NONE-1"), "{number}");
        assert_eq!((found(&sale.ada.get(&asked).await), found(&sale.eve.get(&asked).await)), (0, 0), "{number}");
    }
    shop.run_queues().await;
    let mails = shop.mails_to(&sale.ada.email).await;
    let (_, text) = mails.iter().rfind(|(subject, _)| subject.contains("on its way")).unwrap();
    assert!(text.contains("GRACE-1") && text.contains("EVE-1"), "{text}");
    shop.verify().await;
}

#[tokio::test]
async fn a_delivery_by_one_seller_is_not_a_delivery_by_the_other() {
    let shop = TestShop::start().await;
    let sale = two_sellers(&shop).await;
    deliver(&sale.grace, &sale.order).await.is_problem(409, "illegal_transition");
    ship(&sale.grace, &sale.order, "GRACE-1").await.is(200);
    deliver(&sale.eve, &sale.order).await.is_problem(409, "illegal_transition");
    for _ in 0..2 {
        let arrived = deliver(&sale.grace, &sale.order).await;
        assert_eq!(arrived.is(200).json["status"], "processing");
        assert!(arrived.json["shipments"][0]["deliveredAt"].is_string());
        assert_eq!(arrived.json["tracking"]["actualDelivery"], arrived.json["shipments"][0]["deliveredAt"]);
    }
    assert_eq!(shop.find_order(&sale.order).await.timeline.len(), 5, "the repeat left no trace");
    ship(&sale.eve, &sale.order, "EVE-1").await.is(200);
    assert_eq!(deliver(&sale.grace, &sale.order).await.is(200).json["status"], "shipped");
    let order = seen(&sale.ada, &sale.order).await;
    assert!(order["shipments"][1].get("deliveredAt").is_none() && order["tracking"].get("actualDelivery").is_none());
    shop.verify().await;
    assert_eq!(deliver(&sale.eve, &sale.order).await.is(200).json["status"], "delivered");
    let states: Vec<String> =
        shop.find_order(&sale.order).await.timeline.iter().map(|entry| entry.status.as_str().to_owned()).collect();
    let way = ["pending", "confirmed", "processing", "processing", "processing", "shipped", "delivered"];
    assert_eq!(states, way);
    shop.verify().await;
}

#[tokio::test]
async fn an_administrator_ships_and_delivers_for_every_seller() {
    let shop = TestShop::start().await;
    let sale = two_sellers(&shop).await;
    ship(&sale.admin, &sale.order, "BOTH-1").await.is(200);
    for seller in [&sale.grace, &sale.eve] {
        let order = seen(seller, &sale.order).await;
        assert_eq!(numbers(&order), (vec!["BOTH-1"], Some("BOTH-1")));
        assert_eq!(order["shipments"][0]["seller"], seller.id.to_string());
    }
    // Two sellers at once: one of them may have to say it again.
    let replies = join_all([deliver(&sale.grace, &sale.order), deliver(&sale.eve, &sale.order)]).await;
    for reply in replies.iter().filter(|reply| reply.status != 200) {
        reply.is_problem(409, "conflict");
    }
    assert_eq!(deliver(&sale.admin, &sale.order).await.is(200).json["status"], "delivered");
    let order = shop.find_order(&sale.order).await;
    assert!(order.shipments.len() == 2 && order.shipments.iter().all(|parcel| parcel.delivered_at.is_some()));
    shop.verify().await;
}

#[tokio::test]
async fn carrier_tracking_number_and_link_are_validated() {
    let shop = TestShop::start().await;
    let sale = two_sellers(&shop).await;
    let path = format!("/v1/orders/{}/ship", sale.order);
    let good =
        json!({"carrier": " DHL ", "trackingNumber": " GRACE-1 ", "trackingUrl": "http://track.example.test/?n=1"});
    for (field, value) in [
        ("carrier", " "),
        ("carrier", "D\u{7}HL"),
        ("trackingNumber", "\t"),
        ("trackingNumber", "1\n2"),
        ("trackingUrl", "javascript:alert(1)"),
        ("trackingUrl", "data:text/html,x"),
        ("trackingUrl", "ftp://track.example.test/1"),
        ("trackingUrl", "//track.example.test/1"),
    ] {
        let mut bad = good.clone();
        bad[field] = json!(value);
        let refused = sale.grace.post(&path, bad).await;
        assert_eq!(refused.is_problem(422, "validation_failed").json["errors"][0]["pointer"], format!("/{field}"));
    }
    let shipped = sale.grace.post(&path, good).await;
    let parcel = &shipped.is(200).json["shipments"][0];
    assert_eq!((&parcel["carrier"], &parcel["trackingNumber"]), (&json!("DHL"), &json!("GRACE-1")));
    assert_eq!(parcel["trackingUrl"], "http://track.example.test/?n=1");
}

#[tokio::test]
async fn shipping_twice_is_refused_with_the_current_status() {
    let shop = TestShop::start().await;
    let sale = two_sellers(&shop).await;
    ship(&sale.grace, &sale.order, "GRACE-1").await.is(200);
    let refused = ship(&sale.grace, &sale.order, "GRACE-2").await;
    assert_eq!(refused.is_problem(409, "illegal_transition").json["state"], "processing");
    assert_eq!(refused.json["detail"], "these lines have left already; the order is processing");
    ship(&sale.eve, &sale.order, "EVE-1").await.is(200);
    let refused = ship(&sale.grace, &sale.order, "GRACE-2").await;
    assert_eq!(refused.is_problem(409, "illegal_transition").json["state"], "shipped");
    assert_eq!(shop.find_order(&sale.order).await.shipments.len(), 2);
}

#[tokio::test]
async fn a_refunded_order_is_not_shipped() {
    let shop = TestShop::start().await;
    let sale = two_sellers(&shop).await;
    let path = format!("/v1/payments/{}/refunds", shop.payment_of(&sale.order).await.id);
    let refund = async |key: &str, body: Value| sale.admin.request("POST", &path).key(key).json(body).send().await;
    refund("a-part", json!({"amount": 100, "reason": "goodwill"})).await.is(202);
    let before = shop.payment_of(&sale.order).await.version();
    ship(&sale.grace, &sale.order, "GRACE-1").await.is(200);
    // Both write the payment: of a refund and a shipment at the same moment, one is seen by the other.
    assert_eq!(shop.payment_of(&sale.order).await.version(), before + 1);
    refund("the-rest", json!({"reason": "everything"})).await.is(202);
    for _ in 0..2 {
        // First the refund is requested, then processed.
        let refused = ship(&sale.eve, &sale.order, "EVE-1").await;
        assert_eq!(refused.is_problem(409, "illegal_transition").json["state"], "processing");
        shop.run_queues().await;
    }
    assert_eq!(shop.payment_of(&sale.order).await.status.as_str(), "refunded");
    assert_eq!((shop.stock_of("SPADE-1").await.shipped, shop.find_order(&sale.order).await.shipments.len()), (0, 1));
    shop.verify().await;
}

#[tokio::test]
async fn a_free_order_is_shipped_without_a_payment() {
    let shop = TestShop::start().await;
    let (admin, ada) = (shop.admin("root").await, shop.customer("ada").await);
    let mug = shop.product("MUG-1", json!({"shipping": {"freeShipping": true}})).await;
    super::coupon(&admin, "GIFT", json!({"value": 100})).await;
    super::fill_cart(&ada, &mug, 1, Some("GIFT")).await;
    let order = ada.checkout("gift").await;
    assert_eq!(order.is(201).json["pricing"]["total"], 0);
    shop.run_queues().await;
    assert_eq!(ship(&admin, &order.id(), "GIFT-1").await.is(200).json["status"], "shipped");
}

#[tokio::test]
async fn a_shipped_order_can_be_returned_but_not_cancelled() {
    let shop = TestShop::start().await;
    let sale = two_sellers(&shop).await;
    ship(&sale.grace, &sale.order, "GRACE-1").await.is(200);
    for (person, key) in [(&sale.ada, "ada"), (&sale.admin, "admin")] {
        let cancel = person.request("POST", &format!("/v1/orders/{}/cancel", sale.order)).key(key).send().await;
        let detail = cancel.is_problem(409, "order_not_cancellable").json["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains("Part of the order is shipped") && detail.contains("can be returned"), "{detail}");
    }
    let lines = seen(&sale.ada, &sale.order).await["items"].clone();
    let ask = async |line: usize, quantity: i64, key: &str| {
        let body = json!({"items": [{"itemId": lines[line]["id"], "quantity": quantity}], "reason": "broken"});
        sale.ada.request("POST", &format!("/v1/orders/{}/returns", sale.order)).key(key).json(body).send().await
    };
    assert_eq!(ask(1, 1, "early").await.is_problem(409, "not_returnable").json["state"], "processing");
    let come_back = async |line: usize, quantity: i64| {
        let returned = ask(line, quantity, &format!("line-{line}")).await.is(201).id();
        for command in ["approve", "receive"] {
            sale.admin.post(&format!("/v1/returns/{returned}/{command}"), json!({})).await.is(200);
        }
        shop.run_queues().await;
        shop.verify().await;
        let refunded: i64 = shop.payment_of(&sale.order).await.refunds.iter().map(|refund| refund.amount.minor()).sum();
        (shop.find_order(&sale.order).await.status.as_str(), refunded)
    };
    assert_eq!(come_back(0, 2).await, ("processing", 2000));
    assert_eq!(ship(&sale.eve, &sale.order, "EVE-1").await.is(200).json["status"], "shipped");
    assert_eq!(come_back(1, 1).await, ("refunded", 2700));
}
