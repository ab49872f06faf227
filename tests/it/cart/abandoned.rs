//! Abandoned carts are found once, and their owners get reminders.

use std::time::Duration;

use bson::{Document, doc};
use serde_json::json;
use shared::domain::{
    Buyer,
    cart::{ABANDONED_AFTER, Cart, CartStatus, REMINDER_INTERVAL},
    message::{Event, Queue},
    secret_hash::sha256_hex,
};
use shared::store::Versioned;
use tests::{Person, TestShop};

use super::{Guest, lines, only_line};

const SUBJECT: &str = "Your cart is still here";

pub(super) async fn stored_cart(shop: &TestShop, person: &Person) -> Versioned<Cart> {
    shop.store().carts.find_of(&Buyer::Customer(person.id), shop.clock.now()).await.unwrap().unwrap()
}

/// The reminders to a customer.
pub(super) async fn reminders(shop: &TestShop, person: &Person) -> Vec<String> {
    shop.run_queues().await;
    let mails = shop.mails_to(&person.email).await;
    mails.into_iter().filter(|(subject, _)| subject == SUBJECT).map(|(_, text)| text).collect()
}

/// The number of enqueued reminders.
async fn enqueued(shop: &TestShop) -> u64 {
    let outbox = shop.store().database().collection::<Document>("outbox");
    outbox.count_documents(doc! {"body": {"$regex": "email.cartAbandoned"}}).await.unwrap()
}

#[tokio::test]
async fn an_abandoned_cart_is_found_once_and_its_owner_reminded() {
    let shop = TestShop::start().await;
    let (mug, pot) = (shop.stock("MUG-1", 50).await, shop.stock("POT-1", 50).await);
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, 2).await.is(200);
    ada.add_to_cart(&pot, 1).await.is(200);
    shop.clock.advance(ABANDONED_AFTER - Duration::from_secs(60));
    assert_eq!(shop.run_maintenance().await.abandoned, 0);
    shop.clock.advance(Duration::from_secs(120));
    assert_eq!(shop.run_maintenance().await.abandoned, 1);
    assert_eq!(stored_cart(&shop, &ada).await.status, CartStatus::Abandoned);
    assert_eq!(shop.run_maintenance().await.abandoned, 0, "it is found once");

    let mails = reminders(&shop, &ada).await;
    assert_eq!(mails.len(), 1);
    let text = &mails[0];
    for part in ["Hello Ada,", "2 × Product MUG-1", "1 × Product POT-1", "http://shop.example.test/cart/resume?token="]
    {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    // The token rests nowhere but in the mail.
    let token = super::resume_cart::token_of(text);
    let tokens = shop.store().database().collection::<Document>("mailedTokens");
    let kept = tokens.find_one(doc! {}).await.unwrap().unwrap();
    assert_eq!(kept.get_str("_id").unwrap(), sha256_hex(&token));
    assert!(!serde_json::to_string(&kept).unwrap().contains(&token));
    // The cart is as good as ever.
    assert_eq!(lines(&ada.get("/v1/cart").await), [(mug, 2), (pot, 1)]);
    ada.checkout("late").await.is(201);
    shop.verify().await;
}

#[tokio::test]
async fn a_returning_customer_is_reminded_at_most_once_a_week() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 50).await;
    let ada = shop.customer("ada").await;
    let leave = async || {
        ada.add_to_cart(&mug, 1).await.is(200);
        assert_eq!(stored_cart(&shop, &ada).await.status, CartStatus::Active);
        shop.clock.advance(ABANDONED_AFTER);
        assert_eq!(shop.run_maintenance().await.abandoned, 1);
    };
    leave().await;
    leave().await;
    assert_eq!(reminders(&shop, &ada).await.len(), 1);
    shop.clock.advance(REMINDER_INTERVAL);
    leave().await;
    assert_eq!(reminders(&shop, &ada).await.len(), 2);
}

#[tokio::test]
async fn empty_carts_and_guest_carts_get_no_reminder() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 50).await;
    let (ada, eve) = (shop.customer("ada").await, shop.customer("eve").await);
    ada.add_to_cart(&mug, 1).await.is(200);
    ada.delete("/v1/cart").await.is(204);
    eve.order(&mug, 1).await.is(201);
    let guest = Guest::with(&shop, &mug, 1).await;
    shop.clock.advance(ABANDONED_AFTER * 2);
    assert_eq!(shop.run_maintenance().await.abandoned, 0);
    assert_eq!(lines(&guest.cart().await).len(), 1);
    assert_eq!(enqueued(&shop).await, 0);
}

#[tokio::test]
async fn customers_who_opt_out_or_are_unverified_get_no_reminder() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 50).await;
    let (ada, eve, bob) = (shop.customer("ada").await, shop.customer("eve").await, shop.customer("bob").await);
    for person in [&ada, &eve, &bob] {
        person.add_to_cart(&mug, 1).await.is(200);
    }
    ada.patch("/v1/auth/me", json!({"preferences": {"notifications": false}})).await.is(200);
    let users = shop.store().database().collection::<Document>("users");
    users.update_one(doc! {"_id": eve.id}, doc! {"$set": {"isEmailVerified": false}}).await.unwrap();
    shop.clock.advance(ABANDONED_AFTER);
    assert_eq!(shop.run_maintenance().await.abandoned, 3);
    let counts =
        [reminders(&shop, &ada).await.len(), reminders(&shop, &eve).await.len(), reminders(&shop, &bob).await.len()];
    assert_eq!(counts, [0, 0, 1]);
    assert_eq!(shop.count("mailedTokens").await, 1, "no token is made for a mail that is not written");
}

#[tokio::test]
async fn a_customer_who_returns_before_the_mail_gets_no_reminder() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 50).await;
    let (ada, eve) = (shop.customer("ada").await, shop.customer("eve").await);
    let adas = only_line(&ada.add_to_cart(&mug, 1).await);
    eve.add_to_cart(&mug, 1).await.is(200);
    shop.clock.advance(ABANDONED_AFTER);
    assert_eq!(shop.run_maintenance().await.abandoned, 2);
    ada.patch(&format!("/v1/cart/items/{adas}"), json!({"quantity": 2})).await.is(200);
    eve.checkout("came-back").await.is(201);
    assert_eq!((reminders(&shop, &ada).await.len(), reminders(&shop, &eve).await.len()), (0, 0));
}

#[tokio::test]
async fn a_cart_of_unavailable_products_gets_no_reminder() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 50).await;
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, 1).await.is(200);
    shop.admin("root").await.post(&format!("/v1/products/{mug}/archive"), json!({})).await.is(200);
    shop.clock.advance(ABANDONED_AFTER);
    assert_eq!(shop.run_maintenance().await.abandoned, 1);
    assert!(reminders(&shop, &ada).await.is_empty());
}

#[tokio::test]
async fn concurrent_searches_find_a_cart_once_and_a_change_wins() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 50).await;
    let mut people = Vec::new();
    for number in 0..10 {
        let person = shop.customer(&format!("buyer{number}")).await;
        person.add_to_cart(&mug, 1).await.is(200);
        people.push(person);
    }
    shop.clock.advance(ABANDONED_AFTER);
    let changes = futures::future::join_all(people.iter().take(5).map(|person| person.add_to_cart(&mug, 1)));
    let (first, second, changed) = futures::join!(shop.run_maintenance(), shop.run_maintenance(), changes);
    for reply in &changed {
        assert_eq!(lines(reply), [(mug.clone(), 2)], "no line is lost to the search");
    }
    let mut abandoned = 0;
    for (number, person) in people.iter().enumerate() {
        let is_abandoned = stored_cart(&shop, person).await.status == CartStatus::Abandoned;
        assert!(number < 5 || is_abandoned);
        // A cart that was found before the change is active again.
        assert!(number >= 5 || !is_abandoned);
        abandoned += usize::from(is_abandoned);
    }
    assert_eq!(abandoned, 5);
    let found = u64::try_from(first.abandoned + second.abandoned).unwrap();
    assert_eq!(enqueued(&shop).await, found, "a message for each cart that was found");
    assert!((5..=10).contains(&found), "{found}");
}

#[tokio::test]
async fn a_message_delivered_twice_is_one_mail() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 50).await;
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, 1).await.is(200);
    shop.clock.advance(ABANDONED_AFTER);
    shop.run_maintenance().await;
    assert_eq!(reminders(&shop, &ada).await.len(), 1);
    let message = Event::EmailCartAbandoned { cart_id: stored_cart(&shop, &ada).await.id }.now(shop.clock.now());
    let consumer = shop.consumer(Queue::Notifications);
    for _ in 0..2 {
        consumer.process(message.clone()).await.unwrap();
    }
    // A deleted cart gets no mail.
    let gone = Event::EmailCartAbandoned { cart_id: shared::domain::Id::new() }.now(shop.clock.now());
    consumer.process(gone).await.unwrap();
    assert_eq!(reminders(&shop, &ada).await.len(), 2);
}

#[tokio::test]
async fn the_search_examines_only_matching_carts() {
    let shop = TestShop::start().await;
    let mug = shop.stock("MUG-1", 500).await;
    for _ in 0..20 {
        Guest::with(&shop, &mug, 1).await;
    }
    let ada = shop.customer("ada").await;
    ada.add_to_cart(&mug, 1).await.is(200);
    let filter = doc! {
        "user": {"$exists": true}, "status": "active", "items.id": {"$exists": true},
        "lastActivity": {"$lte": shop.clock.now()},
    };
    let explain = doc! {
        "explain": {"find": "carts", "filter": filter, "sort": {"lastActivity": 1}}, "verbosity": "executionStats",
    };
    let plan = shop.store().database().run_command(explain).await.unwrap();
    let stats = plan.get_document("executionStats").unwrap();
    let number = |name: &str| stats.get_i32(name).unwrap();
    assert_eq!((number("nReturned"), number("totalKeysExamined"), number("totalDocsExamined")), (1, 1, 1), "{plan}");
}
