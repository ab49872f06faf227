//! The sample events, each through the decoding of the function that it is for.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use aws_lambda_events::{
    eventbridge::EventBridgeEvent,
    sqs::{SqsEvent, SqsMessage},
};
use bson::{doc, oid::ObjectId};
use lambda_http::request::{RequestContext, from_str};
use local::components::workspace_root;
use serde_json::{Value, json};
use shared::{
    config::Secret,
    domain::{
        Clock, Timestamp,
        message::{Event, Message, Queue},
        secret_hash::sha256_hex,
    },
    queue::{ProcessError, consume},
};
use tests::TestShop;
use tower::ServiceExt;

use crate::contract::template::Template;

/// The secret that the webhook's sample is signed with, as the local shop's are.
const WEBHOOK_SECRET: &str = "whsec_localshop";

/// The samples of a folder by name.
fn samples(folder: &str) -> BTreeMap<String, String> {
    let folder = workspace_root().join("events").join(folder);
    let read = |path: &Path| {
        let name = path.file_name().unwrap().to_str().unwrap().trim_end_matches(".json").to_owned();
        (name, fs::read_to_string(path).unwrap())
    };
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| read(&path))
        .collect()
}

/// Sends a request of API Gateway through the decoding of `lambda_http` into the shop.
async fn serve(shop: &local::shop::Shop, sample: &str) -> (u16, Value) {
    let request = from_str(sample).unwrap();
    assert!(matches!(request.extensions().get(), Some(RequestContext::ApiGatewayV2(_))), "payload 2.0");
    let response = shop.router().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or(Value::Null))
}

/// What each request is answered once its product and its guest's cart are there.
const ANSWERS: [(&str, u16); 7] = [
    ("auth_register", 202),
    ("cart_add_item", 200),
    ("checkout_place", 201),
    ("health", 200),
    // A valid token cannot be committed.
    ("payments_show", 401),
    ("products_list", 200),
    ("reviews_list", 200),
];

#[tokio::test]
async fn the_sample_requests_are_answered() {
    let shop = TestShop::start().await;
    let samples = samples("http");
    assert_eq!(samples.keys().map(String::as_str).collect::<Vec<_>>(), ANSWERS.map(|(name, _)| name));
    let asked: Value = serde_json::from_str(&samples["cart_add_item"]).unwrap();
    let asked: Value = serde_json::from_str(asked["body"].as_str().unwrap()).unwrap();
    let mug = ObjectId::parse_str(asked["productId"].as_str().unwrap()).unwrap();
    product_with_id(&shop, mug).await;
    guest_with_token(&shop, mug, "sample-cart-token").await;

    for (name, expected) in ANSWERS {
        let (status, body) = serve(&shop, &samples[name]).await;
        assert_eq!(status, expected, "{name}: {body}");
        match name {
            "auth_register" => assert_eq!(shop.count("users").await, 2, "the seller and the registered customer"),
            "cart_add_item" => assert_eq!(body["items"][0]["quantity"], 2, "{body}"),
            "checkout_place" => assert_eq!(body["status"], "pending", "{body}"),
            "payments_show" => assert_eq!(body["code"], "invalid_token"),
            "health" => assert_eq!(body["database"], "ok"),
            "products_list" => assert_eq!(body["items"][0]["id"], mug.to_hex()),
            _ => assert_eq!(body["items"], json!([])),
        }
    }
}

/// The product of the samples: one like any other, under the id that the samples name.
async fn product_with_id(shop: &TestShop, id: ObjectId) {
    let made = ObjectId::parse_str(shop.stock("MUG-1", 10).await).unwrap();
    let products = shop.store().database().collection::<bson::Document>("products");
    let mut product = products.find_one_and_delete(doc! {"_id": made}).await.unwrap().unwrap();
    product.insert("_id", id);
    products.insert_one(product).await.unwrap();
    let inventory = shop.store().database().collection::<bson::Document>("inventory");
    let moved = inventory.update_many(doc! {"product": made}, doc! {"$set": {"product": id}}).await.unwrap();
    assert_eq!(moved.modified_count, 1, "the stock is found by its product");
}

/// A guest's cart with a known token.
async fn guest_with_token(shop: &TestShop, product: ObjectId, token: &str) {
    let added = shop.post("/v1/cart/items", json!({"productId": product.to_hex(), "quantity": 1})).await;
    let given = added.is(200).json["cartToken"].as_str().unwrap().to_owned();
    let carts = shop.store().database().collection::<bson::Document>("carts");
    let (given, wanted) = (sha256_hex(&given), sha256_hex(token));
    let changed = carts.update_one(doc! {"sessionId": given}, doc! {"$set": {"sessionId": wanted}}).await.unwrap();
    assert_eq!(changed.modified_count, 1, "the cart is found by its token");
}

#[test]
fn the_sample_requests_match_the_routes_and_reach_every_function() {
    let template = Template::load();
    let mut reached = BTreeSet::new();
    let webhooks = samples("webhooks").into_iter().filter(|(name, _)| name.ends_with(".http"));
    for (name, sample) in samples("http").into_iter().chain(webhooks) {
        let sample: Value = serde_json::from_str(&sample).unwrap();
        let method = sample["requestContext"]["http"]["method"].as_str().unwrap();
        let route = template.route(method, sample["rawPath"].as_str().unwrap());
        assert_eq!(sample["routeKey"], route.key, "{name}");
        assert_eq!(sample["requestContext"]["routeKey"], route.key, "{name}");
        reached.insert(route.package);
    }
    let all: BTreeSet<String> = template.routes().into_iter().map(|route| route.package).collect();
    assert_eq!(reached, all, "each function behind the HTTP API has a sample");
}

/// The names of all message types, from the error of serde for an unknown one.
fn all_types() -> BTreeSet<String> {
    let complaint = serde_json::from_value::<Event>(json!({"type": "?", "data": {}})).unwrap_err().to_string();
    let (_, expected) = complaint.split_once("expected").unwrap_or_else(|| panic!("serde says {complaint}"));
    expected.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The only record of a sample, and the message in it.
fn record(sample: &str) -> (SqsMessage, Message) {
    let mut batch: SqsEvent = serde_json::from_str(sample).unwrap();
    assert_eq!(batch.records.len(), 1);
    let record = batch.records.remove(0);
    let message = serde_json::from_str(record.body.as_deref().unwrap()).unwrap();
    (record, message)
}

#[test]
fn every_message_type_has_a_sample() {
    let samples = samples("sqs");
    assert_eq!(samples.keys().cloned().collect::<BTreeSet<_>>(), all_types());
    let mut messages = BTreeSet::new();
    let mut records = BTreeSet::new();
    for (name, sample) in samples {
        let (record, message) = record(&sample);
        let body: Value = serde_json::from_str(record.body.as_deref().unwrap()).unwrap();
        assert_eq!(body["type"], name);
        // Nothing in the sample is ignored, nothing that we would send is missing.
        assert_eq!(serde_json::to_value(&message).unwrap(), body, "{name}");
        let queue = record.event_source_arn.unwrap();
        assert_eq!(queue.rsplit(':').next(), Some(message.event.queue().as_str()), "{name} comes by another queue");
        assert!(messages.insert(message.id.to_string()), "{name}: two samples have one id");
        assert!(records.insert(record.message_id), "{name}: two samples have one message id");
    }
}

/// Whether processing this event fails without the document that it is about.
fn requires_its_document(event: &Event) -> bool {
    match event {
        Event::PaymentRequested { .. }
        | Event::PaymentCaptureRequested { .. }
        | Event::RefundRequested { .. }
        | Event::PaymentVoidRequested { .. }
        | Event::PaymentStatusUnknown { .. }
        | Event::SaveMethodRequested { .. }
        | Event::OrderPaid { .. }
        | Event::OrderCancelled { .. }
        | Event::OrderReturned { .. } => true,
        // Webhooks may be about foreign intents, a detached method is gone, and a mail without a recipient is skipped.
        Event::PaymentWebhookReceived { .. }
        | Event::DetachMethodRequested { .. }
        | Event::PaymentReconcileRequested { .. }
        | Event::EmailVerification { .. }
        | Event::EmailAlreadyRegistered { .. }
        | Event::EmailPasswordReset { .. }
        | Event::EmailOrderPlaced { .. }
        | Event::EmailOrderPaid { .. }
        | Event::EmailPaymentFailed { .. }
        | Event::EmailOrderShipped { .. }
        | Event::EmailOrderCancelled { .. }
        | Event::EmailRefunded { .. }
        | Event::EmailTransferDue { .. }
        | Event::EmailRefundApproved { .. }
        | Event::EmailLowStock { .. }
        | Event::EmailCartAbandoned { .. } => false,
    }
}

#[tokio::test]
async fn a_message_about_an_unknown_document_fails_alone() {
    let shop = TestShop::start().await;
    let mut batches: BTreeMap<Queue, SqsEvent> = BTreeMap::new();
    let mut poison: BTreeMap<Queue, BTreeSet<String>> = BTreeMap::new();
    for sample in samples("sqs").into_values() {
        let (record, message) = record(&sample);
        let queue = message.event.queue();
        if requires_its_document(&message.event) {
            poison.entry(queue).or_default().insert(record.message_id.clone().unwrap());
            let error = shop.consumer(queue).process(message.clone()).await.unwrap_err();
            assert!(matches!(error, ProcessError::Poison(_)), "{:?}: {error:?}", message.event);
        }
        batches.entry(queue).or_default().records.push(record);
    }
    for queue in Queue::ALL {
        let response = consume(shop.consumer(queue).as_ref(), batches.remove(&queue).unwrap()).await;
        let failed: BTreeSet<String> =
            response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect();
        assert_eq!(failed, poison.remove(&queue).unwrap_or_default(), "{queue:?}");
    }
}

#[tokio::test]
async fn a_message_in_the_wrong_queue_is_poison() {
    let shop = TestShop::start().await;
    for sample in samples("sqs").into_values() {
        let (_, message) = record(&sample);
        for queue in Queue::ALL.into_iter().filter(|queue| *queue != message.event.queue()) {
            let outcome = shop.consumer(queue).process(message.clone()).await;
            assert!(matches!(outcome, Err(ProcessError::Poison(_))), "{queue:?} took {:?}: {outcome:?}", message.event);
        }
    }
    assert_eq!(shop.count("processedMessages").await, 0);
}

#[tokio::test]
async fn the_sample_webhook_has_a_valid_signature_and_one_effect() {
    let samples = samples("webhooks");
    let request: Value = serde_json::from_str(&samples["payment_intent.succeeded.http"]).unwrap();
    let body = request["body"].as_str().unwrap();
    assert_eq!(
        body.trim_end(),
        samples["payment_intent.succeeded"].trim_end(),
        "the request brings the event as it is"
    );
    let header = request["headers"]["stripe-signature"].as_str().unwrap();
    let seconds: i64 = header.split(['=', ',']).nth(1).unwrap().parse().unwrap();
    let signed_at = Timestamp::from_millis(seconds * 1000);
    let secret = Secret::new(WEBHOOK_SECRET);
    assert_eq!(payments::sign(body.as_bytes(), &secret, signed_at), header);

    let test = TestShop::start().await;
    let late = local::shop::Shop { webhook_secret: secret, ..test.shop.clone() };
    let sample = samples["payment_intent.succeeded.http"].as_str();
    let (status, problem) = serve(&late, sample).await;
    assert_eq!((status, &problem["code"]), (400, &json!("invalid_signature")), "its timestamp is too old");

    let in_time = local::shop::Shop { clock: Clock::set_to(signed_at), ..late };
    for _ in 0..2 {
        let (status, body) = serve(&in_time, sample).await;
        assert_eq!(status, 200, "{body}");
    }
    assert_eq!(test.count("webhooks").await, 1);
    let outbox = test.store().database().collection::<bson::Document>("outbox");
    assert_eq!(outbox.count_documents(doc! {}).await.unwrap(), 1);
    let enqueued = outbox.find_one(doc! {}).await.unwrap().unwrap();
    let enqueued: Message = serde_json::from_str(enqueued.get_str("body").unwrap()).unwrap();
    let sample = self::samples("sqs").remove("payment.webhookReceived").unwrap();
    assert_eq!(enqueued.event, record(&sample).1.event, "the sample message is the one that this webhook enqueues");
}

#[tokio::test]
async fn the_sample_schedule_event_runs_maintenance_without_effect() {
    let samples = samples("schedule");
    assert_eq!(samples.keys().collect::<Vec<_>>(), ["every_minute", "every_night"]);
    let event: EventBridgeEvent = serde_json::from_str(&samples["every_minute"]).unwrap();
    assert_eq!((event.source.as_str(), event.detail_type.as_str()), ("aws.events", "Scheduled Event"));
    let shop = TestShop::start().await;
    assert_eq!(shop.run_maintenance().await, maintenance::Report::default());
}
