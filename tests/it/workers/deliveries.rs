//! SQS delivers at least once, and in any order: duplicates and reordering change nothing.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use shared::{
    domain::{order::OrderStatus, payment::PaymentStatus},
    store::outbox::OutboxMessage,
};
use tests::{Person, cards, delivery::STATE, people::checkout_body, stripe_api::NEEDS_AUTHENTICATION};

use crate::payments::{AFTER_EXPIRY, Sale, TOTAL};

/// Every message type of payments and orders, and the mails about them.
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

fn kind(message: &OutboxMessage) -> String {
    let body: Value = serde_json::from_str(&message.body).unwrap();
    body["type"].as_str().unwrap().to_owned()
}

/// A history with every message type.
async fn every_kind_of_event() -> Sale {
    let sale = Sale::open().await;
    let (shop, stripe) = (&sale.shop, &sale.stripe);
    let admin = shop.admin("root").await;
    let account = json!({"email": format!("new.{}@example.test", sale.ada.id), "password": "correct-horse-battery",
        "firstName": "Nell", "lastName": "Test"});
    shop.post("/v1/auth/register", account.clone()).await;
    shop.post("/v1/auth/password/forgot", json!({"email": account["email"]})).await;

    let token = stripe.card("4000000000000341").await;
    let declined = order_of(&sale, "bob", &token).await;
    let expired = order_of(&sale, "carol", &token).await;
    let token = stripe.card(NEEDS_AUTHENTICATION).await;
    let waiting = order_of(&sale, "dora", &token).await;
    let abandoned = order_of(&sale, "eliza", &token).await;
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
    shop.clock.advance(AFTER_EXPIRY);
    shop.run_maintenance().await;
    cancelled.0.request("POST", &format!("/v1/orders/{}/cancel", cancelled.1)).key("cancel").send().await.is(200);
    send_back(&sale, &admin, &returned).await;
    let paid = shop.payment_of(&returned.1).await;
    sale.webhook("evt_1", "payment_intent.succeeded", paid.transaction_id.as_deref().unwrap()).await.is(200);
    shop.deliver_everything().await;
    everything_is_sent(&sale).await;

    let mut ends = Vec::new();
    for (_, order) in [&declined, &expired, &waiting, &abandoned, &cancelled, &returned] {
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

/// Each function dispatched what it enqueued: its `SENDS_TO` has every queue.
async fn everything_is_sent(sale: &Sale) {
    // Marking as sent waits for no majority; the next write does.
    sale.shop.customer("passer-by").await;
    let unsent = sale.shop.outbox().await.into_iter().filter(|message| message.sent_at.is_none());
    assert_eq!(unsent.map(|message| kind(&message)).collect::<Vec<_>>(), Vec::<String>::new());
}

async fn order_of(sale: &Sale, name: &str, token: &str) -> (Person, String) {
    let person = sale.shop.customer(name).await;
    person.add_to_cart(&sale.mug, if name == "gwen" { 2 } else { 1 }).await.is(200);
    let order = person.checkout_with("order", checkout_body(token)).await.is(201).id();
    (person, order)
}

/// One of two mugs is returned.
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

/// The charges and refunds of every order at the Stripe API.
async fn money(sale: &Sale) -> Vec<(Vec<i64>, Vec<i64>)> {
    let mut money = Vec::new();
    for payment in sale.shop.dump(&["payments"]).await.remove("payments").unwrap() {
        let id: shared::domain::Id<()> = shared::domain::Id::from_object_id(payment.get_object_id("_id").unwrap());
        money.push((sale.stripe.charges_of(id).await, sale.stripe.refunds_of(id).await));
    }
    money
}

#[tokio::test]
async fn redelivering_every_message_in_reverse_changes_nothing() {
    let sale = every_kind_of_event().await;
    let shop = &sale.shop;
    shop.verify().await;
    let mut messages = shop.outbox().await;
    let kinds: BTreeSet<String> = messages.iter().map(kind).collect();
    let missing: Vec<&str> = KINDS.into_iter().filter(|kind| !kinds.contains(*kind)).collect();
    assert!(missing.is_empty(), "the history lacks {missing:?}");
    messages.reverse();

    let (before, paid, mails) = (shop.dump(STATE).await, money(&sale).await, sale.count_mails().await);
    assert!(shop.deliver(&messages).await.is_empty());
    assert_eq!(shop.dump(STATE).await, before);
    assert_eq!(
        (money(&sale).await, sale.count_mails().await),
        (paid.clone(), mails),
        "a second charge, refund or mail"
    );

    // The states alone make a repeat harmless, without the record of processed messages. Mails have only that record.
    shop.store().database().collection::<bson::Document>("processedMessages").delete_many(bson::doc! {}).await.unwrap();
    messages.retain(|message| !kind(message).starts_with("email."));
    assert!(shop.deliver(&messages).await.is_empty());
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
async fn duplicate_messages_in_reverse_order_lead_to_the_same_end() {
    let sale = Sale::open().await;
    let token = sale.stripe.card("4000000000000341").await;
    let mut orders = Vec::new();
    for (name, token) in [("bob", cards::GOOD), ("carol", token.as_str()), ("dora", cards::GOOD)] {
        orders.push(order_of(&sale, name, token).await.1);
    }
    let mut done = BTreeSet::new();
    for round in 0.. {
        let mut left = sale.shop.outbox().await;
        left.retain(|message| !done.contains(&message.id));
        if left.is_empty() {
            break;
        }
        assert!(round < 20, "messages keep failing: {left:#?}");
        left.reverse();
        let (first, second) = futures::join!(sale.shop.deliver(&left), sale.shop.deliver(&left));
        let failed: BTreeSet<_> = first.iter().chain(&second).map(|message| message.id).collect();
        done.extend(left.iter().map(|message| message.id).filter(|id| !failed.contains(id)));
    }
    let mut ends = Vec::new();
    for order in &orders {
        let payment = sale.shop.payment_of(order).await;
        ends.push((sale.shop.find_order(order).await.status, sale.stripe.charges_of(payment.id).await));
    }
    let paid = || (OrderStatus::Processing, vec![TOTAL]);
    assert_eq!(ends, [paid(), (OrderStatus::Pending, vec![]), paid()]);
    sale.shop.verify().await;
}
