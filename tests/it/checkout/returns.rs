//! What customers send back: asked for, decided, received; restocked and refunded once, and to the cent.

use bson::doc;
use futures::future::join_all;
use serde_json::{Value, json};
use tests::{Person, Reply, TestShop};

use super::{TwoSellers, coupon, deliver, fill_cart, guest_checkout, guest_with, two_sellers};

/// Asks to send back these many of the order's line at `index`.
pub(super) async fn ask(person: &Person, order: &str, index: usize, quantity: i64, key: &str) -> Reply {
    let id = item(person, order, index).await;
    let body = json!({"items": [{"itemId": id, "quantity": quantity}], "reason": "It is broken."});
    person.request("POST", &format!("/v1/orders/{order}/returns")).key(key).json(body).send().await
}

pub(super) async fn item(person: &Person, order: &str, index: usize) -> Value {
    person.get(&format!("/v1/orders/{order}")).await.is(200).json["items"][index]["id"].clone()
}

pub(super) async fn command(admin: &Person, returned: &str, command: &str) -> Reply {
    admin.request("POST", &format!("/v1/returns/{returned}/{command}")).send().await
}

/// A delivered order of so many mugs.
pub(super) async fn delivered(shop: &TestShop, customer: &Person, quantity: i64) -> String {
    let mug = shop.stock("MUG-1", 10).await;
    let order = customer.order(&mug, quantity).await.is(201).id();
    shop.run_queues().await;
    deliver(shop, &order).await;
    order
}

async fn outbox(shop: &TestShop) -> u64 {
    let outbox = shop.store().database().collection::<bson::Document>("outbox");
    outbox.count_documents(doc! {"body": {"$regex": "order\\.returned"}}).await.unwrap()
}

#[tokio::test]
async fn a_return_is_restocked_and_refunded_to_the_cent_without_shipping() {
    let shop = TestShop::start().await;
    let (admin, ada) = (shop.admin("root").await, shop.customer("ada").await);
    let tax = json!({"pricesIncludeTax": false, "rows": [{"country": "US", "rateBp": 725, "taxShipping": true}]});
    admin.put("/v1/settings/tax", tax).await.is(200);
    coupon(&admin, "SPRING", json!({"value": 12.5})).await;
    let mug = shop.product("MUG-1", json!({"price": {"regular": 999}, "inventory": {"quantity": 10}})).await;
    fill_cart(&ada, &mug, 3, Some("SPRING")).await;
    let placed = ada.checkout("three").await;
    let order = placed.is(201).id();
    // 2997 − 375 = 2622, 7.25 % of it are 190.
    assert_eq!(placed.json["items"][0]["total"], 2812);
    shop.run_queues().await;
    deliver(&shop, &order).await;

    let asked = ask(&ada, &order, 0, 1, "one").await;
    let returned = asked.is(201).id();
    assert_eq!(asked.header("location"), Some(format!("/v1/returns/{returned}").as_str()));
    let mut expected = json!({
        "id": returned, "orderId": order, "orderNumber": placed.json["orderNumber"],
        "items": [{"itemId": placed.json["items"][0]["id"], "quantity": 1, "refund": 937}],
        "reason": "It is broken.", "status": "requested", "refund": 937, "currency": "USD",
    });
    for time in ["requestedAt", "updatedAt"] {
        expected[time] = asked.json["requestedAt"].clone();
    }
    assert_eq!(asked.json, expected);
    for person in [&ada, &admin] {
        assert_eq!(person.get(&format!("/v1/returns/{returned}")).await.is(200).json, expected);
        assert_eq!(person.get(&format!("/v1/orders/{order}")).await.json["returns"], json!([expected]));
    }

    assert_eq!(command(&admin, &returned, "approve").await.is(200).json["status"], "approved");
    assert_eq!(shop.stock_of("MUG-1").await.on_hand, 7);
    let received = command(&admin, &returned, "receive").await;
    assert_eq!(received.is(200).json["status"], "received");
    shop.run_queues().await;
    let stock = shop.stock_of("MUG-1").await;
    assert_eq!((stock.on_hand, stock.available, stock.returned), (8, 8, 1));
    let seen = ada.get(&format!("/v1/orders/{order}")).await.json;
    assert_eq!((&seen["status"], &seen["items"][0]["returned"]), (&json!("delivered"), &json!(1)));
    let payment = ada.get(&format!("/v1/payments/{}", seen["payment"]["id"].as_str().unwrap())).await.json;
    assert_eq!(
        (&payment["refunds"][0]["amount"], &payment["refunds"][0]["status"]),
        (&json!(937), &json!("processed"))
    );

    let rest = ask(&ada, &order, 0, 2, "rest").await.is(201).id();
    command(&admin, &rest, "approve").await.is(200);
    command(&admin, &rest, "receive").await.is(200);
    shop.run_queues().await;
    let refunds: Vec<i64> = shop.payment_of(&order).await.refunds.iter().map(|refund| refund.amount.minor()).collect();
    assert_eq!(refunds, [937, 2812 - 937]);
    assert_eq!(shop.stock_of("MUG-1").await.on_hand, 10);
    let seen = ada.get(&format!("/v1/orders/{order}")).await.json;
    // The shipping stays paid.
    assert_eq!((&seen["status"], &seen["payment"]["status"]), (&json!("refunded"), &json!("completed")));
    let last = seen["timeline"].as_array().unwrap().last().unwrap();
    assert_eq!(last["status"], "refunded");
}

#[tokio::test]
async fn an_invalid_return_is_refused() {
    let shop = TestShop::start().await;
    let ada = shop.customer("ada").await;
    let order = delivered(&shop, &ada, 2).await;
    let id = item(&ada, &order, 0).await;
    let path = format!("/v1/orders/{order}/returns");
    let items = |items: Value| json!({"items": items, "reason": "broken"});
    for (body, code, pointer) in [
        (items(json!([])), "validation_failed", "/items"),
        (items(json!([{"itemId": id, "quantity": 0}])), "invalid_body", "/items/0/quantity"),
        (items(json!([{"itemId": id, "quantity": -1}])), "invalid_body", "/items/0/quantity"),
        (items(json!([{"itemId": "x", "quantity": 1}])), "invalid_body", "/items/0/itemId"),
        (items(json!([{"itemId": id}])), "invalid_body", "/items/0/quantity"),
        (items(json!([{"itemId": id, "quantity": 1, "refund": 9999}])), "invalid_body", "/items/0/refund"),
        (
            items(json!([{"itemId": id, "quantity": 1}, {"itemId": "507f1f77bcf86cd799439011", "quantity": 1}])),
            "unknown_reference",
            "/items/1/itemId",
        ),
        (json!({"items": [{"itemId": id, "quantity": 1}]}), "invalid_body", "/reason"),
        (json!({"items": [{"itemId": id, "quantity": 1}], "reason": " "}), "validation_failed", "/reason"),
        (json!({"items": [{"itemId": id, "quantity": 1}], "reason": "x".repeat(501)}), "validation_failed", "/reason"),
    ] {
        let refused = ada.request("POST", &path).key("any").json(body.clone()).send().await;
        let problem = &refused.is_problem(422, code).json;
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{body}: {problem}");
    }
    let good = items(json!([{"itemId": id, "quantity": 1}]));
    ada.post(&path, good).await.is_problem(400, "idempotency_key_required");
    assert!(shop.find_order(&order).await.returns.is_empty());
    assert_eq!(shop.find_order(&order).await.items[0].returned, 0);
}

#[tokio::test]
async fn only_shipped_and_unreturned_units_can_be_returned() {
    let shop = TestShop::start().await;
    let (admin, ada) = (shop.admin("root").await, shop.customer("ada").await);
    let mug = shop.stock("MUG-1", 10).await;
    let order = ada.order(&mug, 3).await.is(201).id();
    assert_eq!(ask(&ada, &order, 0, 1, "a").await.is_problem(409, "not_returnable").json["state"], "pending");
    shop.run_queues().await;
    let refused = ask(&ada, &order, 0, 1, "a").await;
    refused.is_problem(409, "not_returnable");
    deliver(&shop, &order).await;
    ask(&ada, &order, 0, 4, "a").await.is_problem(409, "not_returnable");
    let two = ask(&ada, &order, 0, 2, "a").await.is(201).id();
    assert_eq!(ask(&ada, &order, 0, 2, "b").await.is_problem(409, "not_returnable").json["left"], 1);
    // What was refused can be asked for again.
    command(&admin, &two, "reject").await.is(200);
    ask(&ada, &order, 0, 3, "b").await.is(201);
    ask(&ada, &order, 0, 1, "c").await.is_problem(409, "not_returnable");
}

#[tokio::test]
async fn a_return_follows_its_state_machine() {
    let shop = TestShop::start().await;
    let (admin, ada) = (shop.admin("root").await, shop.customer("ada").await);
    let order = delivered(&shop, &ada, 3).await;
    let good = ask(&ada, &order, 0, 1, "good").await.is(201).id();
    let bad = ask(&ada, &order, 0, 1, "bad").await.is(201).id();
    command(&admin, &good, "receive").await.is_problem(409, "illegal_transition");
    for _ in 0..2 {
        assert_eq!(command(&admin, &bad, "reject").await.is(200).json["status"], "rejected");
        assert_eq!(command(&admin, &good, "approve").await.is(200).json["status"], "approved");
    }
    command(&admin, &bad, "approve").await.is_problem(409, "illegal_transition");
    command(&admin, &bad, "receive").await.is_problem(409, "illegal_transition");
    command(&admin, &good, "receive").await.is(200);
    command(&admin, &good, "reject").await.is_problem(409, "illegal_transition");
    shop.run_queues().await;
    command(&admin, &good, "approve").await.is_problem(409, "illegal_transition");
    for unknown in ["507f1f77bcf86cd799439011", "nonsense"] {
        for verb in ["approve", "reject", "receive"] {
            command(&admin, unknown, verb).await.is_problem(404, "not_found");
        }
        admin.get(&format!("/v1/returns/{unknown}")).await.is_problem(404, "not_found");
    }
    assert_eq!(shop.stock_of("MUG-1").await.returned, 1);
}

#[tokio::test]
async fn receiving_twice_takes_effect_once() {
    let shop = TestShop::start().await;
    let (admin, ada) = (shop.admin("root").await, shop.customer("ada").await);
    let order = delivered(&shop, &ada, 2).await;
    let returned = ask(&ada, &order, 0, 2, "both").await.is(201).id();
    for verb in ["approve", "receive"] {
        for reply in join_all((0..5).map(|_| command(&admin, &returned, verb))).await {
            reply.is(200);
        }
    }
    assert_eq!(outbox(&shop).await, 1);
    shop.run_queues().await;
    assert_eq!(command(&admin, &returned, "receive").await.is(200).json["status"], "received");
    shop.run_queues().await;
    assert_eq!((outbox(&shop).await, shop.stock_of("MUG-1").await.on_hand), (1, 10));
    let payment = shop.payment_of(&order).await;
    assert_eq!((payment.refunds.len(), payment.refunds[0].amount.minor()), (1, 2000));
}

#[tokio::test]
async fn a_repeated_request_is_one_return_and_the_last_unit_returns_once() {
    let shop = TestShop::start().await;
    let ada = shop.customer("ada").await;
    let order = delivered(&shop, &ada, 2).await;
    let first = ask(&ada, &order, 0, 1, "click").await;
    let again = ask(&ada, &order, 0, 1, "click").await;
    assert_eq!((first.is(201).body.clone(), again.header("idempotent-replayed")), (again.body.clone(), Some("true")));
    assert_eq!(again.header("location"), first.header("location"));
    ask(&ada, &order, 0, 2, "click").await.is_problem(422, "idempotency_key_reused");

    let keys: Vec<String> = (0..6).map(|number| format!("race-{number}")).collect();
    let replies = join_all(keys.iter().map(|key| ask(&ada, &order, 0, 1, key))).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1);
    for refused in replies.iter().filter(|reply| reply.status != 201) {
        assert_eq!(refused.is_problem(409, "not_returnable").json["left"], 0);
    }
    assert_eq!(shop.find_order(&order).await.returns.len(), 2);
}

#[tokio::test]
async fn orders_of_other_customers_can_neither_be_returned_nor_seen() {
    let shop = TestShop::start().await;
    let (ada, bob, eve) = (shop.customer("ada").await, shop.customer("bob").await, shop.seller("eve").await);
    let order = delivered(&shop, &ada, 2).await;
    let id = item(&ada, &order, 0).await;
    let body = json!({"items": [{"itemId": id, "quantity": 1}], "reason": "broken"});
    let path = format!("/v1/orders/{order}/returns");
    shop.request("POST", &path).key("a").json(body.clone()).send().await.is_problem(401, "not_authenticated");
    for stranger in [&bob, &eve] {
        stranger.request("POST", &path).key("a").json(body.clone()).send().await.is_problem(404, "not_found");
    }
    let returned = ask(&ada, &order, 0, 1, "a").await.is(201).id();
    let path = format!("/v1/returns/{returned}");
    shop.get(&path).await.is_problem(401, "not_authenticated");
    for stranger in [&bob, &eve] {
        stranger.get(&path).await.is_problem(404, "not_found");
    }
    for verb in ["approve", "reject", "receive"] {
        shop.request("POST", &format!("{path}/{verb}")).send().await.is_problem(401, "not_authenticated");
        for person in [&ada, &eve] {
            command(person, &returned, verb).await.is_problem(403, "forbidden");
        }
    }
    assert_eq!(ada.get(&path).await.is(200).json["status"], "requested");
}

#[tokio::test]
async fn an_administrator_requests_a_return_for_a_guest() {
    let shop = TestShop::start().await;
    let admin = shop.admin("root").await;
    let mug = shop.stock("MUG-1", 5).await;
    let token = guest_with(&shop, &mug, 1, None).await;
    let body = tests::people::checkout_body(tests::cards::GOOD);
    let order = guest_checkout(&shop, &token, "guest@example.test", body).await.is(201).id();
    shop.run_queues().await;
    deliver(&shop, &order).await;
    let returned = ask(&admin, &order, 0, 1, "letter").await.is(201).id();
    command(&admin, &returned, "approve").await.is(200);
    command(&admin, &returned, "receive").await.is(200);
    shop.run_queues().await;
    assert_eq!(shop.find_order(&order).await.status.as_str(), "refunded");
}

#[tokio::test]
async fn sellers_see_their_own_lines_of_a_return() {
    let shop = TestShop::start().await;
    let TwoSellers { grace, eve, ada, order, .. } = two_sellers(&shop).await;
    deliver(&shop, &order).await;
    let (first, second) = (item(&ada, &order, 0).await, item(&ada, &order, 1).await);
    let items = json!([{"itemId": first, "quantity": 2}, {"itemId": second, "quantity": 1}]);
    let asked = ada.request("POST", &format!("/v1/orders/{order}/returns")).key("all");
    let asked = asked.json(json!({"items": items, "reason": "Too much."})).send().await;
    assert_eq!(asked.is(201).json["refund"], 2700);
    for (seller, line, refund) in [(&grace, first, 2000), (&eve, second, 700)] {
        let seen = seller.get(&format!("/v1/orders/{order}")).await.is(200).json["returns"].clone();
        assert_eq!((seen.as_array().unwrap().len(), &seen[0]["refund"]), (1, &json!(refund)));
        let lines = seen[0]["items"].as_array().unwrap();
        assert_eq!((lines.len(), &lines[0]["itemId"]), (1, &line));
    }
}
