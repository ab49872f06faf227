//! Concurrent requests: whichever wins, every invariant holds afterwards, and every answer is true.

use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};
use shared::domain::{order::OrderStatus, payment::PaymentStatus};
use tests::{Person, Reply, Rivals, StripeApi, TestShop, at_once, cards, people::checkout_body};

/// The total of one product at 10.00 with shipping.
const TOTAL: i64 = 1500;

async fn customers(shop: &TestShop, count: usize) -> Vec<Person> {
    let mut customers = Vec::new();
    for number in 0..count {
        customers.push(shop.customer(&format!("buyer{number}")).await);
    }
    customers
}

async fn fill_carts(customers: &[Person], product: &str) {
    let added = join_all(customers.iter().map(|customer| customer.add_to_cart(product, 1))).await;
    added.iter().for_each(|reply| {
        reply.is(200);
    });
}

fn with_status(replies: &[Reply], status: u16) -> Vec<&Reply> {
    replies.iter().filter(|reply| reply.status.as_u16() == status).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_concurrent_buyers_seven_get_the_last_seven() {
    let shop = TestShop::start().await;
    let stripe = StripeApi::watch(&shop.place.components.stripe_api).await;
    let mug = shop.stock("MUG-1", 7).await;
    let buyers = customers(&shop, 50).await;
    fill_carts(&buyers, &mug).await;

    let replies = join_all(buyers.iter().map(|buyer| buyer.checkout_until_decided("the-last-mug"))).await;

    assert_eq!(with_status(&replies, 201).len(), 7);
    let refused = with_status(&replies, 409);
    assert_eq!(refused.len(), 43, "{:?}", replies.iter().map(|reply| reply.status.as_u16()).collect::<Vec<_>>());
    for reply in refused {
        reply.is_problem(409, "insufficient_stock");
        assert_eq!((&reply.json["sku"], &reply.json["available"]), (&json!("MUG-1"), &json!(0)));
    }
    let stock = shop.stock_of("MUG-1").await;
    assert_eq!((stock.on_hand, stock.reserved, stock.available), (7, 7, 0));
    assert_eq!((shop.count("orders").await, shop.count("payments").await), (7, 7));
    shop.verify().await;

    shop.run_queues().await;
    for reply in with_status(&replies, 201) {
        let payment = shop.payment_of(&reply.id()).await;
        assert_eq!(stripe.charges_of(payment.id).await, [TOTAL]);
        assert_eq!(shop.find_order(&reply.id()).await.status, OrderStatus::Processing);
    }
    shop.verify().await;
}

/// Far more buyers than connections, so that a transaction must not wait for a connection behind all others.
#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_buys_every_unit_and_the_others_are_told_it_is_sold_out() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 30).await;
    let buyers = shop.crowd(300, |_| (vec![(mug.as_str(), 1)], None)).await;

    let checkouts = buyers.into_iter().map(|buyer| async move { buyer.checkout_until_decided("the-last-mugs").await });
    let replies = at_once(checkouts).await;

    for reply in replies.iter().filter(|reply| reply.status != 201) {
        reply.is_problem(409, "insufficient_stock");
    }
    assert_eq!(with_status(&replies, 201).len(), 30);
    assert_eq!(shop.stock_of("MUG-1").await.reserved, 30);
    shop.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_posts_of_one_checkout_are_one_order_and_one_charge() {
    let shop = TestShop::start().await;
    let stripe = StripeApi::watch(&shop.place.components.stripe_api).await;
    let mug = shop.stock("MUG-1", 50).await;
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, 2).await.is(200);

    let replies = join_all((0..20).map(|_| ada.checkout("one-intention"))).await;

    let answers = with_status(&replies, 201);
    let first: Vec<_> = answers.iter().filter(|reply| reply.header("idempotent-replayed").is_none()).collect();
    assert_eq!(first.len(), 1);
    for reply in &answers {
        assert_eq!(reply.body, first[0].body);
        assert_eq!(reply.header("location"), first[0].header("location"));
    }
    for reply in replies.iter().filter(|reply| reply.status.as_u16() != 201) {
        reply.is_problem(409, "idempotency_in_progress");
        assert!(reply.header("retry-after").is_some());
    }
    let again = ada.checkout("one-intention").await;
    again.is(201);
    assert_eq!((again.header("idempotent-replayed"), &again.body), (Some("true"), &first[0].body));
    assert_eq!((shop.count("orders").await, shop.count("payments").await), (1, 1));
    shop.run_queues().await;
    let payment = shop.payment_of(&again.id()).await;
    assert_eq!(stripe.charges_of(payment.id).await, [2500]);
    assert_eq!(shop.stock_of("MUG-1").await.reserved, 2);
    shop.verify().await;
}

#[tokio::test]
async fn a_key_belongs_to_one_request_of_one_caller() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 50).await;
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, 1).await.is(200);
    let placed = ada.checkout("the-key").await;
    placed.is(201);

    let mut other = checkout_body(cards::GOOD);
    other["shippingMethod"] = json!("express");
    ada.checkout_with("the-key", other).await.is_problem(422, "idempotency_key_reused");
    let without = ada.request("POST", "/v1/checkout").json(checkout_body(cards::GOOD)).send().await;
    without.is_problem(400, "idempotency_key_required");

    // The same request written in another way is the same request.
    let mut spaced = serde_json::to_string_pretty(&checkout_body(cards::GOOD)).unwrap();
    spaced.push('\n');
    let again = ada.request("POST", "/v1/checkout").key("the-key").raw("application/json", spaced).send().await;
    assert_eq!((again.status.as_u16(), &again.body), (201, &placed.body));

    let bob = shop.customer("bob").await;
    bob.add_to_cart(&mug, 1).await.is(200);
    let of_bob = bob.checkout("the-key").await;
    of_bob.is(201);
    assert_ne!(of_bob.id(), placed.id());
    shop.verify().await;
}

#[tokio::test]
async fn a_refusal_leaves_the_key_free() {
    let shop = TestShop::start().await;
    let seller = shop.seller("grace").await;
    let mug = shop.product_of(&seller, "MUG-1", json!({"inventory": {"quantity": 1}})).await;
    let (ada, bob) = (shop.customer("ada").await, shop.customer("bob").await);
    fill_carts(&[ada.clone(), bob.clone()], &mug).await;
    bob.checkout("bob-was-faster").await.is(201);

    ada.checkout("the-key").await.is_problem(409, "insufficient_stock");
    ada.checkout("the-key").await.is_problem(409, "insufficient_stock");
    let delivery = json!({"sku": "MUG-1", "delta": 5, "reason": "delivery"});
    let path = format!("/v1/products/{mug}/inventory/adjustments");
    seller.request("POST", &path).key("delivery").json(delivery).send().await.is(200);
    let placed = ada.checkout("the-key").await;
    placed.is(201);
    assert_eq!(placed.header("idempotent-replayed"), None);
    assert_eq!(shop.count("orders").await, 2);
    shop.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn carts_in_opposite_order_neither_block_each_other_nor_oversell() {
    let shop = TestShop::start().await;
    let (mug, pot) = (shop.stock("MUG-1", 12).await, shop.stock("POT-1", 12).await);
    let buyers = customers(&shop, 30).await;
    let (there, back) = buyers.split_at(15);
    fill_carts(there, &mug).await;
    fill_carts(there, &pot).await;
    fill_carts(back, &pot).await;
    fill_carts(back, &mug).await;

    let replies = join_all(buyers.iter().map(|buyer| buyer.checkout_until_decided("both"))).await;

    assert_eq!(with_status(&replies, 201).len(), 12);
    for reply in with_status(&replies, 409) {
        reply.is_problem(409, "insufficient_stock");
    }
    assert_eq!(with_status(&replies, 409).len(), 18);
    for sku in ["MUG-1", "POT-1"] {
        assert_eq!(shop.stock_of(sku).await.reserved, 12);
    }
    shop.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parallel_additions_to_a_cart_add_up() {
    let shop = TestShop::start().await;
    let (mug, pot) = (shop.stock("MUG-1", 900).await, shop.stock("POT-1", 900).await);
    let ada = shop.customer("ada").await;
    let token = guest(&shop, &pot).await;

    // The customer has no cart yet: its creation is part of the race.
    let of_customer = join_all((0..24).map(|number| ada.add_to_cart(&mug, 1 + number % 3)));
    let of_guest = join_all((0..24).map(|number| add_as_guest(&shop, &token, &mug, 1 + number % 3)));
    let (of_customer, of_guest) = futures::join!(of_customer, of_guest);
    of_customer.iter().chain(&of_guest).for_each(|reply| {
        reply.is(200);
    });

    assert_eq!(quantities(&ada.get("/v1/cart").await), json!({"MUG-1": 48}));
    let cart = shop.request("GET", "/v1/cart").cart(&token).send().await;
    assert_eq!(quantities(&cart), json!({"POT-1": 1, "MUG-1": 48}));
    shop.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_cart_is_merged_once_under_concurrent_logins() {
    let shop = TestShop::start().await;
    let (mug, pot) = (shop.stock("MUG-1", 50).await, shop.stock("POT-1", 50).await);
    for round in 0..4 {
        let token = guest(&shop, &mug).await;
        let (ada, bob) = (shop.customer("ada").await, shop.customer("bob").await);
        if round % 2 == 0 {
            ada.add_to_cart(&pot, 2).await.is(200);
        }
        let merge = |person: &Person| {
            let person = person.clone();
            let token = token.clone();
            async move { person.post("/v1/cart/merge", json!({"cartToken": token})).await }
        };
        let merged = join_all([merge(&ada), merge(&bob), merge(&ada), merge(&bob)]).await;
        merged.iter().for_each(|reply| {
            reply.is(200);
        });

        let carts = [quantities(&ada.get("/v1/cart").await), quantities(&bob.get("/v1/cart").await)];
        let holders = carts.iter().filter(|cart| cart["MUG-1"] == 1).count();
        assert_eq!(holders, 1, "round {round}: {carts:?}");
        assert_eq!(carts[0]["POT-1"], if round % 2 == 0 { json!(2) } else { Value::Null });
        let gone = shop.request("GET", "/v1/cart").cart(&token).send().await;
        gone.is_problem(404, "cart_not_found");
    }
    shop.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cart_edited_during_its_checkout_loses_nothing() {
    let shop = TestShop::start().await;
    let (mug, pot) = (shop.stock("MUG-1", 99).await, shop.stock("POT-1", 99).await);
    let mut rivals = Rivals::new();
    for ada in customers(&shop, 16).await {
        ada.add_to_cart(&mug, 1).await.is(200);
        let (placed, added) = rivals.race(ada.checkout("now"), ada.add_to_cart(&pot, 1)).await;
        added.is(200);
        let left = quantities(&ada.get("/v1/cart").await);
        let ordered = placed.json["items"].as_array().map_or(0, Vec::len);
        rivals.record(ordered == 1);
        if placed.status.as_u16() == 201 {
            // The pot is in the order or in the next cart, and never in both.
            assert_eq!(left, if ordered == 2 { json!({}) } else { json!({"POT-1": 1}) }, "{}", placed.json["items"]);
        } else {
            placed.is_problem(409, "conflict");
            assert_eq!(left, json!({"MUG-1": 1, "POT-1": 1}));
        }
    }
    rivals.assert_close();
    shop.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_either_shipped_or_cancelled() {
    let shop = TestShop::start().await;
    let seller = shop.seller("grace").await;
    let mug = shop.product_of(&seller, "MUG-1", json!({"inventory": {"quantity": 50}})).await;
    let buyers = customers(&shop, 16).await;
    let placed = join_all(buyers.iter().map(|buyer| buyer.order(&mug, 1))).await;
    shop.deliver_everything().await;

    let mut rivals = Rivals::new();
    for (buyer, order) in buyers.iter().zip(placed.iter().map(Reply::id)) {
        let tracking = json!({"carrier": "DHL", "trackingNumber": "JD014600003817"});
        let path = format!("/v1/orders/{order}/ship");
        let (ship, cancel) = rivals.race(seller.post(&path, tracking), cancel(buyer, &order)).await;
        rivals.record(ship.status.as_u16() == 200);
        if ship.status.as_u16() == 200 {
            cancel.is_problem(409, "order_not_cancellable");
        } else {
            ship.is_problem(409, "illegal_transition");
            cancel.is(200);
        }
    }
    rivals.assert_close();
    shop.deliver_everything().await;

    let shipped = i64::try_from(rivals.won[0]).unwrap();
    let stock = shop.stock_of("MUG-1").await;
    assert_eq!((stock.shipped, stock.reserved, stock.available), (shipped, 0, 50 - shipped));
    for order in placed.iter().map(Reply::id) {
        let (order, payment) = (shop.find_order(&order).await, shop.payment_of(&order).await);
        let expected = match order.status {
            OrderStatus::Shipped => PaymentStatus::Completed,
            OrderStatus::Cancelled => PaymentStatus::Refunded,
            other => panic!("the order is {other:?}"),
        };
        assert_eq!(payment.status, expected);
    }
    shop.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fully_refunded_order_is_not_shipped() {
    let shop = TestShop::start().await;
    let (seller, admin) = (shop.seller("grace").await, shop.admin("root").await);
    let mug = shop.product_of(&seller, "MUG-1", json!({"inventory": {"quantity": 50}})).await;
    let buyers = customers(&shop, 16).await;
    let placed = join_all(buyers.iter().map(|buyer| buyer.order(&mug, 1))).await;
    shop.deliver_everything().await;

    let mut rivals = Rivals::new();
    for order in placed.iter().map(Reply::id) {
        let payment = shop.payment_of(&order).await;
        let tracking = json!({"carrier": "DHL", "trackingNumber": "JD014600003817"});
        let path = format!("/v1/orders/{order}/ship");
        let refunds = format!("/v1/payments/{}/refunds", payment.id);
        let refund = admin.request("POST", &refunds).key(&order).json(json!({"reason": "goodwill"})).send();
        let (ship, refund) = rivals.race(seller.post(&path, tracking), refund).await;
        refund.is(202);
        let has_left = ship.status.as_u16() == 200;
        rivals.record(has_left);
        if !has_left {
            ship.is_problem(409, "illegal_transition");
        }
        // Both wrote the payment, one after the other.
        assert_eq!(shop.payment_of(&order).await.version() - payment.version(), if has_left { 2 } else { 1 });
    }
    rivals.assert_close();
    shop.deliver_everything().await;
    assert_eq!(shop.stock_of("MUG-1").await.shipped, i64::try_from(rivals.won[0]).unwrap());
    shop.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_during_a_charge_never_keeps_money_for_nothing() {
    let shop = TestShop::start().await;
    let stripe = StripeApi::watch(&shop.place.components.stripe_api).await;
    let mug = shop.stock("MUG-1", 50).await;
    let mut rivals = Rivals::new();
    for buyer in customers(&shop, 20).await {
        let order = buyer.order(&mug, 1).await.id();
        let charge = shop.enqueued_about("payment.requested", &order).await;
        let (_, cancelled) = rivals.race(shop.deliver(&charge), cancel(&buyer, &order)).await;
        let was_cancelled = cancelled.status.as_u16() == 200;
        rivals.record(!was_cancelled);
        if !was_cancelled {
            cancelled.is_problem(409, "order_not_cancellable");
            assert!(cancelled.header("retry-after").is_some());
        }
        shop.deliver_everything().await;
        let status = shop.find_order(&order).await.status;
        assert_eq!(status, if was_cancelled { OrderStatus::Cancelled } else { OrderStatus::Processing });
        assert_eq!(kept(&stripe, &shop, &order).await, if was_cancelled { 0 } else { TOTAL });
    }
    rivals.assert_close();
    shop.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn expiring_during_a_charge_never_keeps_money_for_nothing() {
    let shop = TestShop::start().await;
    let stripe = StripeApi::watch(&shop.place.components.stripe_api).await;
    let mug = shop.stock("MUG-1", 50).await;
    let mut rivals = Rivals::new();
    for buyer in customers(&shop, 20).await {
        let order = buyer.order(&mug, 1).await.id();
        let charge = shop.enqueued_about("payment.requested", &order).await;
        shop.clock.advance(Duration::from_secs(31 * 60));
        let expiring = async {
            shop.run_maintenance().await;
            shop.deliver(&shop.enqueued_about("payment.voidRequested", &order).await).await;
        };
        rivals.race(shop.deliver(&charge), expiring).await;
        shop.deliver_everything().await;
        // A void that failed is retried later.
        shop.clock.advance(Duration::from_secs(6 * 60));
        shop.run_maintenance().await;
        shop.deliver_everything().await;
        let status = shop.find_order(&order).await.status;
        let is_paid = status == OrderStatus::Processing;
        assert!(is_paid || status == OrderStatus::Cancelled, "{status:?}");
        assert_eq!(kept(&stripe, &shop, &order).await, if is_paid { TOTAL } else { 0 });
        rivals.record(is_paid);
    }
    rivals.assert_close();
    shop.verify().await;
}

async fn cancel(buyer: &Person, order: &str) -> Reply {
    buyer.request("POST", &format!("/v1/orders/{order}/cancel")).key("cancel").send().await
}

/// The charges less the refunds of an order at the Stripe API.
async fn kept(stripe: &StripeApi, shop: &TestShop, order: &str) -> i64 {
    let payment = shop.payment_of(order).await.id;
    let (charges, refunds) = (stripe.charges_of(payment).await, stripe.refunds_of(payment).await);
    assert!(charges.len() <= 1, "charged more than once: {charges:?}");
    charges.iter().sum::<i64>() - refunds.iter().sum::<i64>()
}

/// A guest with one unit of a product in the cart. Answers the cart's token.
async fn guest(shop: &TestShop, product: &str) -> String {
    let added = shop.post("/v1/cart/items", json!({"productId": product, "quantity": 1})).await;
    added.is(200);
    added.json["cartToken"].as_str().unwrap().to_owned()
}

async fn add_as_guest(shop: &TestShop, token: &str, product: &str, quantity: i64) -> Reply {
    let item = json!({"productId": product, "quantity": quantity});
    shop.request("POST", "/v1/cart/items").cart(token).json(item).send().await
}

/// SKU → units of a cart.
fn quantities(cart: &Reply) -> Value {
    cart.is(200);
    let sku = |item: &Value| item["product"]["name"].as_str().unwrap().replace("Product ", "");
    cart.json["items"].as_array().unwrap().iter().map(|item| (sku(item), item["quantity"].clone())).collect()
}
