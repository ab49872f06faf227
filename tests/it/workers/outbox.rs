//! The outbox: every enqueued message is sent, however late, and no other.

use std::{sync::Arc, time::Duration};

use axum::{Json, Router, routing::post};
use bson::doc;
use local::components::sqs;
use serde_json::{Value, json};
use shared::{
    domain::{
        Id, Sku,
        message::{Event, Queue},
    },
    http::BackgroundTasks,
    queue::{Publisher, QueueUrls},
    transaction,
};
use tests::{TestShop, cards};
use tokio::{net::TcpListener, sync::Semaphore};

use crate::payments::Sale;

/// The shop sends to these queues at this endpoint.
fn send_to(shop: &mut TestShop, endpoint: &str, urls: QueueUrls) {
    let (client, store, clock) = (sqs::client(endpoint), shop.store().clone(), shop.clock.clone());
    shop.reopen(|shop| shop.publisher = Publisher::new(client, urls, store, clock));
}

/// SQS is unreachable: no server listens on this port.
fn lose_sqs(shop: &mut TestShop) {
    let urls = shop.place.queue_urls();
    send_to(shop, "http://127.0.0.1:9", urls);
}

fn find_sqs(shop: &mut TestShop) {
    let (endpoint, urls) = (shop.place.components.sqs_endpoint.clone(), shop.place.queue_urls());
    send_to(shop, &endpoint, urls);
}

async fn unsent(shop: &TestShop) -> u64 {
    let outbox = shop.store().database().collection::<bson::Document>("outbox");
    outbox.count_documents(doc! {"sentAt": {"$exists": false}}).await.unwrap()
}

#[tokio::test]
async fn an_order_placed_without_queues_is_paid_when_they_are_back() {
    let mut sale = Sale::open().await;
    lose_sqs(&mut sale.shop);
    sale.ada = sale.shop.customer("grace").await;
    let mut sale = sale.order(cards::GOOD).await;
    assert_eq!(unsent(&sale.shop).await, 2);
    sale.shop.verify().await;
    // The relay cannot send them either, and leaves them in the outbox.
    sale.shop.clock.advance(Duration::from_secs(11));
    assert_eq!(sale.shop.run_maintenance().await.relayed, 0);
    assert_eq!(unsent(&sale.shop).await, 2);

    find_sqs(&mut sale.shop);
    assert_eq!(sale.shop.run_maintenance().await.relayed, 2);
    assert_eq!(sale.shop.run_maintenance().await.relayed, 0);
    sale.shop.run_queues().await;
    sale.is_paid_once().await;
    assert!(sale.subjects().await.contains(&"We have received your order".to_owned()));
}

#[tokio::test]
async fn an_answer_waits_for_no_queue() {
    let mut sale = Sale::open().await;
    // This SQS accepts nothing until the buyer has the answer.
    let answered = Arc::new(Semaphore::new(0));
    let until = Arc::clone(&answered);
    let take = async move |body: String| {
        until.acquire().await.unwrap().forget();
        let asked: Value = serde_json::from_str(&body).unwrap();
        let taken = asked["Entries"].as_array().unwrap().iter();
        let taken: Vec<Value> = taken.map(|entry| json!({"Id": entry["Id"], "MessageId": entry["Id"]})).collect();
        Json(json!({"Successful": taken, "Failed": []}))
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(post(take))).await });
    let urls = Queue::ALL.into_iter().map(|queue| (queue, format!("{endpoint}/{}", queue.as_str()))).collect();
    let (store, clock) = (sale.shop.store().clone(), sale.shop.clock.clone());
    let background = BackgroundTasks::after_the_answer();
    sale.shop.reopen(|shop| {
        shop.publisher = Publisher::new(sqs::client(&endpoint), urls, store, clock);
        shop.background = background.clone();
    });
    sale.ada = sale.shop.customer("grace").await;

    let sale = sale.order(cards::GOOD).await;
    assert_eq!(unsent(&sale.shop).await, 2);
    answered.add_permits(2);
    background.finished().await;
    // Marking as sent waits for no majority; the next write does.
    sale.shop.customer("passer-by").await;
    assert_eq!(unsent(&sale.shop).await, 0);
    sale.shop.verify().await;
}

#[tokio::test]
async fn the_relay_leaves_recent_messages_to_their_producer() {
    let mut sale = Sale::open().await;
    lose_sqs(&mut sale.shop);
    sale.ada = sale.shop.customer("grace").await;
    let mut sale = sale.order(cards::GOOD).await;
    find_sqs(&mut sale.shop);
    assert_eq!(sale.shop.run_maintenance().await.relayed, 0);
    sale.shop.clock.advance(Duration::from_secs(11));
    assert_eq!(sale.shop.run_maintenance().await.relayed, 2);
}

#[tokio::test]
async fn a_message_sent_but_not_marked_is_resent_without_effect() {
    let sale = Sale::ordered().await;
    sale.shop.run_queues().await;
    sale.is_paid_once().await;
    let outbox = sale.shop.store().database().collection::<bson::Document>("outbox");
    outbox.update_many(doc! {}, doc! {"$unset": {"sentAt": ""}}).await.unwrap();
    sale.shop.clock.advance(Duration::from_secs(11));
    let enqueued = sale.shop.outbox().await.len();
    assert_eq!(sale.shop.run_maintenance().await.relayed, enqueued);
    let (before, mails) = (sale.shop.dump(tests::delivery::STATE).await, sale.subjects().await);
    sale.shop.run_queues().await;
    assert_eq!((sale.shop.dump(tests::delivery::STATE).await, sale.subjects().await), (before, mails));
    sale.is_paid_once().await;
}

#[tokio::test]
async fn the_relay_sends_more_than_one_batch() {
    let shop = TestShop::start().await;
    let store = shop.store();
    let message = || Event::EmailLowStock { sku: Sku::try_new("NONE-1").unwrap() }.now(shop.clock.now());
    let messages: Vec<_> = (0..450).map(|_| message()).collect();
    let enqueued: Result<(), shared::store::StoreError> =
        transaction!(store, |tx| { store.outbox.enqueue_all(tx, &messages).await });
    enqueued.unwrap();
    shop.clock.advance(Duration::from_secs(11));
    assert_eq!((shop.run_maintenance().await.relayed, unsent(&shop).await), (450, 0));
}

#[tokio::test]
async fn a_failing_queue_does_not_delay_the_others() {
    let mut shop = TestShop::start().await;
    let (endpoint, mut urls) = (shop.place.components.sqs_endpoint.clone(), shop.place.queue_urls());
    urls.remove(&Queue::Notifications);
    send_to(&mut shop, &endpoint, urls);
    let store = shop.store();
    let mail = || Event::EmailLowStock { sku: Sku::try_new("NONE-1").unwrap() }.now(shop.clock.now());
    let mut messages: Vec<_> = (0..250).map(|_| mail()).collect();
    let look_up = Event::PaymentStatusUnknown { payment_id: Id::new(), order_id: Id::new() };
    messages.push(look_up.now(shop.clock.now()));
    let enqueued: Result<(), shared::store::StoreError> =
        transaction!(store, |tx| { store.outbox.enqueue_all(tx, &messages).await });
    enqueued.unwrap();
    shop.clock.advance(Duration::from_secs(11));
    assert_eq!((shop.run_maintenance().await.relayed, unsent(&shop).await), (1, 250));
}

#[tokio::test]
async fn a_refused_order_enqueues_nothing() {
    let sale = Sale::open().await;
    sale.ada.add_to_cart(&sale.mug, 10).await.is(200);
    let bob = sale.shop.customer("bob").await;
    bob.order(&sale.mug, 1).await.is(201);
    let before = sale.shop.outbox().await.len();
    sale.ada.checkout("too-many").await.is_problem(409, "insufficient_stock");
    assert_eq!(sale.shop.outbox().await.len(), before);
}
