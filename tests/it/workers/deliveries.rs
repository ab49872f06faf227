//! SQS delivers at least once, and in any order.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use shared::{
    domain::{order::OrderStatus, payment::PaymentStatus},
    store::outbox::OutboxMessage,
};
use tests::{Person, cards, delivery::STATE, people::checkout_body, stripe_api::NEEDS_AUTHENTICATION};

use super::Sale;

/// Everything that a worker can be asked for; a mail may also have another reason.
const KINDS: [&str; 14] = [
    "payment.requested",
    "payment.voidRequested",
    "payment.webhookReceived",
    "payment.statusUnknown",
    "refund.requested",
    "order.paid",
    "order.cancelled",
    "order.returned",
    "email.verification",
    "email.passwordReset",
    "email.orderPlaced",
    "email.orderPaid",
    "email.paymentFailed",
    "email.refunded",
];

fn kind(promise: &OutboxMessage) -> String {
    let body: Value = serde_json::from_str(&promise.body).unwrap();
    body["type"].as_str().unwrap().to_owned()
}

/// A day in which everything happens that a message can tell of.
async fn eventful_day() -> Sale {
    let sale = Sale::open().await;
    let (shop, stripe) = (&sale.shop, &sale.stripe);
    let admin = shop.admin("root").await;
    let account = json!({"email": format!("new.{}@example.test", sale.ada.id), "password": "correct-horse-battery",
        "firstName": "Nell", "lastName": "Test"});
    shop.post("/v1/auth/register", account.clone()).await;
    shop.post("/v1/auth/password/forgot", json!({"email": account["email"]})).await;

    let token = stripe.card("4000000000000341").await;
    let declined = order_of(&sale, "bob", &token).await;
    let given_up = order_of(&sale, "carol", &token).await;
    let token = stripe.card(NEEDS_AUTHENTICATION).await;
    let waiting = order_of(&sale, "dora", &token).await;
    let walked_away = order_of(&sale, "eliza", &token).await;
    let cancelled = order_of(&sale, "fred", cards::GOOD).await;
    let returned = order_of(&sale, "gwen", cards::GOOD).await;
    shop.deliver_everything().await;
    for (person, order, token) in [(&declined, &declined.1, Some(cards::GOOD)), (&waiting, &waiting.1, None)] {
        let payment = shop.payment_of(order).await.id;
        let body = token.map_or_else(|| json!({}), |token| json!({"token": token}));
        let confirm = person.0.request("POST", &format!("/v1/payments/{payment}/confirm")).key("go-on");
        confirm.json(body).send().await.is(200);
    }
    shop.deliver_everything().await;
    everything_is_sent(&sale).await;
    shop.clock.advance(super::TOO_LONG);
    shop.run_maintenance().await;
    cancelled.0.request("POST", &format!("/v1/orders/{}/cancel", cancelled.1)).key("cancel").send().await.is(200);
    send_back(&sale, &admin, &returned).await;
    let paid = shop.payment_of(&returned.1).await;
    sale.webhook("evt_1", "payment_intent.succeeded", paid.transaction_id.as_deref().unwrap()).await.is(200);
    shop.deliver_everything().await;
    everything_is_sent(&sale).await;

    let mut ends = Vec::new();
    for (_, order) in [&declined, &given_up, &waiting, &walked_away, &cancelled, &returned] {
        ends.push((shop.find_order(order).await.status, shop.payment_of(order).await.status));
    }
    let expected = [
        (OrderStatus::Processing, PaymentStatus::Completed),
        (OrderStatus::Cancelled, PaymentStatus::Failed),
        (OrderStatus::Cancelled, PaymentStatus::Failed),
        (OrderStatus::Cancelled, PaymentStatus::Failed),
        (OrderStatus::Cancelled, PaymentStatus::Refunded),
        (OrderStatus::Delivered, PaymentStatus::Completed),
    ];
    assert_eq!(ends, expected);
    sale
}

/// Each function sent what it promised: the queues that it sends to are all in its `SENDS_TO`.
async fn everything_is_sent(sale: &Sale) {
    // Sent messages are noted without waiting for a majority; the next write waits for one.
    sale.shop.customer("passer-by").await;
    let unsent = sale.shop.outbox().await.into_iter().filter(|promise| promise.sent_at.is_none());
    assert_eq!(unsent.map(|promise| kind(&promise)).collect::<Vec<_>>(), Vec::<String>::new());
}

async fn order_of(sale: &Sale, name: &str, token: &str) -> (Person, String) {
    let person = sale.shop.customer(name).await;
    person.add_to_cart(&sale.mug, if name == "gwen" { 2 } else { 1 }).await.is(200);
    let order = person.checkout_with("order", checkout_body(token)).await.is(201).id();
    (person, order)
}

/// One of two mugs comes back.
async fn send_back(sale: &Sale, admin: &Person, (person, order): &(Person, String)) {
    let tracking = json!({"carrier": "DHL", "trackingNumber": "JD014600003817"});
    admin.post(&format!("/v1/orders/{order}/ship"), tracking).await.is(200);
    admin.post(&format!("/v1/orders/{order}/deliver"), json!({})).await.is(200);
    let item = sale.shop.find_order(order).await.items[0].id.to_string();
    let wish = json!({"items": [{"itemId": item, "quantity": 1}], "reason": "It is broken."});
    let asked = person.request("POST", &format!("/v1/orders/{order}/returns")).key("return").json(wish).send().await;
    let returned = asked.is(201).id();
    for command in ["approve", "receive"] {
        admin.request("POST", &format!("/v1/returns/{returned}/{command}")).send().await.is(200);
    }
}

/// What the Stripe API did for every order: charged and given back.
async fn money(sale: &Sale) -> Vec<(Vec<i64>, Vec<i64>)> {
    let mut money = Vec::new();
    for payment in sale.shop.dump(&["payments"]).await.remove("payments").unwrap() {
        let id: shared::domain::Id<()> = shared::domain::Id::from_object_id(payment.get_object_id("_id").unwrap());
        money.push((sale.stripe.charges_of(id).await, sale.stripe.refunds_of(id).await));
    }
    money
}

#[tokio::test]
async fn every_message_that_is_delivered_again_and_in_reverse_changes_nothing() {
    let sale = eventful_day().await;
    let shop = &sale.shop;
    shop.verify().await;
    let mut promises = shop.outbox().await;
    let kinds: BTreeSet<String> = promises.iter().map(kind).collect();
    let missing: Vec<&str> = KINDS.into_iter().filter(|kind| !kinds.contains(*kind)).collect();
    assert!(missing.is_empty(), "this day lacks {missing:?}");
    promises.reverse();

    let (before, paid, mails) = (shop.dump(STATE).await, money(&sale).await, sale.count_mails().await);
    assert!(shop.deliver(&promises).await.is_empty());
    assert_eq!(shop.dump(STATE).await, before);
    assert_eq!(
        (money(&sale).await, sale.count_mails().await),
        (paid.clone(), mails),
        "nobody pays or reads anything twice"
    );

    // Even if nobody remembers which messages were processed, the states of what they are about do. (Not for mails: their
    // only trace is that memory.)
    shop.store().database().collection::<bson::Document>("processedMessages").delete_many(bson::doc! {}).await.unwrap();
    promises.retain(|promise| !kind(promise).starts_with("email."));
    assert!(shop.deliver(&promises).await.is_empty());
    assert_eq!(shop.dump(STATE).await, before);
    assert_eq!(money(&sale).await, paid);
    shop.verify().await;
}

impl Sale {
    async fn count_mails(&self) -> usize {
        let mut count = 0;
        let users = self.shop.store().database().collection::<bson::Document>("users");
        for email in users.distinct("email", bson::doc! {}).await.unwrap() {
            count += self.shop.mails_to(email.as_str().unwrap()).await.len();
        }
        count
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_come_newest_first_and_twice_at_once_lead_to_the_same_end() {
    let sale = Sale::open().await;
    let token = sale.stripe.card("4000000000000341").await;
    let mut orders = Vec::new();
    for (name, token) in [("bob", cards::GOOD), ("carol", token.as_str()), ("dora", cards::GOOD)] {
        orders.push(order_of(&sale, name, token).await.1);
    }
    let mut done = BTreeSet::new();
    for round in 0.. {
        let mut left = sale.shop.outbox().await;
        left.retain(|promise| !done.contains(&promise.id));
        if left.is_empty() {
            break;
        }
        assert!(round < 20, "messages go on failing: {left:#?}");
        left.reverse();
        let (first, second) = futures::join!(sale.shop.deliver(&left), sale.shop.deliver(&left));
        let failed: BTreeSet<_> = first.iter().chain(&second).map(|promise| promise.id).collect();
        done.extend(left.iter().map(|promise| promise.id).filter(|id| !failed.contains(id)));
    }
    let mut ends = Vec::new();
    for order in &orders {
        let payment = sale.shop.payment_of(order).await;
        ends.push((sale.shop.find_order(order).await.status, sale.stripe.charges_of(payment.id).await));
    }
    let paid = || (OrderStatus::Processing, vec![super::TOTAL]);
    assert_eq!(ends, [paid(), (OrderStatus::Pending, vec![]), paid()]);
    sale.shop.verify().await;
}
