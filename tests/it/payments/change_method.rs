//! Another payment method for an unpaid order.

use std::time::Duration;

use serde_json::{Value, json};
use shared::domain::{
    order::OrderStatus,
    payment::{GatewayName, PaymentMethod, PaymentStatus, RefundStatus},
};
use tests::{
    Person, Reply, cards,
    gateway::{Call, Moment},
    people::checkout_body,
    stripe_api::NEEDS_AUTHENTICATION,
};

use super::{
    Sale, TOTAL,
    offline_payments::{by_transfer, key_of, record_transfer},
};

/// Is declined when it is charged.
const DECLINED: &str = "4000000000000341";
const DAY: Duration = Duration::from_secs(24 * 3600);
const HALF_AN_HOUR: Duration = Duration::from_secs(30 * 60);

impl Sale {
    async fn change(&self, key: &str, body: Value) -> Reply {
        let path = format!("/v1/payments/{}/confirm", self.payment().await.id);
        self.ada.request("POST", &path).key(key).json(body).send().await
    }

    async fn record_transfer(&self, admin: &Person, reference: &str) -> Reply {
        record_transfer(&self.shop, admin, &self.order, &key_of(reference), reference, TOTAL).await
    }

    /// How long after its creation the order expires.
    async fn window(&self) -> Duration {
        let order = self.shop.find_order(&self.order).await;
        order.reserved_until.since(order.created_at)
    }
}

fn card(token: &str) -> Value {
    json!({"method": "credit_card", "token": token})
}

fn transfer() -> Value {
    json!({"method": "bank_transfer"})
}

// M14
#[tokio::test]
async fn a_transfer_is_changed_to_a_card_and_what_is_transferred_later_goes_back() {
    let sale = by_transfer().await;
    let admin = sale.shop.admin("root").await;
    sale.shop.clock.advance(Duration::from_secs(600));
    let changed = sale.change("card", card(cards::GOOD)).await;
    let shown = &changed.is(200).json;
    assert_eq!((&shown["method"], &shown["status"]), (&json!("credit_card"), &json!("processing")));
    assert!(shown.get("instructions").is_none(), "{shown}");
    let window = sale.window().await;
    assert!(window > HALF_AN_HOUR && window < Duration::from_secs(3600), "{window:?}");
    // While the charge is under way, one of the two would be lost.
    sale.record_transfer(&admin, "line 1").await.is_problem(409, "illegal_transition");
    sale.shop.deliver_everything().await;
    sale.is_paid_once().await;

    sale.record_transfer(&admin, "line 1").await.is(200);
    sale.shop.deliver_everything().await;
    sale.shop.clock.advance(DAY);
    sale.shop.run_maintenance().await;
    sale.shop.deliver_everything().await;
    let payment = sale.payment().await;
    let refund = &payment.refunds[0];
    assert_eq!((refund.amount.minor(), refund.status, refund.by_transfer), (TOTAL, RefundStatus::Approved, true));
    assert_eq!((sale.charges().await, sale.refunds().await), (vec![TOTAL], vec![]));
    let path = format!("/v1/payments/{}/refunds/{}/mark-paid", payment.id, refund.id);
    admin.request("POST", &path).key("back").json(json!({"reference": "back"})).send().await.is(200);
    assert_eq!((sale.status().await, sale.payment().await.status), (OrderStatus::Processing, PaymentStatus::Completed));
    sale.shop.verify().await;
    // The charge itself goes back through the gateway.
    sale.cancel().await.is(200);
    sale.shop.deliver_everything().await;
    assert_eq!((sale.payment().await.status, sale.refunds().await), (PaymentStatus::Refunded, vec![TOTAL]));
    sale.shop.verify().await;
}

// M14
#[tokio::test]
async fn a_declined_card_is_changed_to_a_transfer_whose_order_waits_for_it() {
    let sale = Sale::ordered_with_card(DECLINED).await;
    let admin = sale.shop.admin("root").await;
    sale.shop.deliver_everything().await;
    let changed = sale.change("transfer", transfer()).await;
    let shown = &changed.is(200).json;
    assert_eq!((&shown["method"], &shown["status"]), (&json!("bank_transfer"), &json!("pending")));
    assert_eq!((&shown["instructions"]["amount"], &shown["voidPending"]), (&json!(TOTAL), &json!(true)));
    assert_eq!(sale.window().await, 7 * DAY);
    // The declined intent could still be confirmed until it is voided.
    sale.record_transfer(&admin, "line 1").await.is_problem(409, "illegal_transition");
    sale.change("back", card(cards::GOOD)).await.is_problem(409, "payment_not_confirmable");
    sale.shop.deliver_everything().await;
    let intents = sale.stripe.intents_of(sale.payment().await.id).await;
    assert_eq!(intents[0]["status"], "canceled");
    assert_eq!((sale.status().await, sale.payment().await.void_pending), (OrderStatus::Pending, false));
    assert!(sale.subjects().await.contains(&"Your bank transfer".to_owned()));
    sale.shop.verify().await;

    // Longer than a card payment would have had.
    sale.expire().await;
    assert_eq!(sale.status().await, OrderStatus::Pending);
    sale.record_transfer(&admin, "line 1").await.is(200);
    sale.shop.deliver_everything().await;
    assert_eq!((sale.status().await, sale.payment().await.status), (OrderStatus::Processing, PaymentStatus::Completed));
    assert_eq!(sale.charges().await, [0; 0]);
    sale.shop.verify().await;
}

// M14
#[tokio::test]
async fn a_charge_that_succeeds_before_its_void_pays_the_order() {
    let sale = Sale::ordered_with_card(NEEDS_AUTHENTICATION).await;
    sale.shop.deliver_everything().await;
    let secret = sale.client_secret().await;
    sale.change("transfer", transfer()).await.is(200);
    sale.stripe.authenticate(&secret, true).await;
    sale.shop.deliver_everything().await;
    sale.is_paid_once().await;
    let payment = sale.payment().await;
    assert_eq!((payment.gateway, payment.method), (GatewayName::Stripe, PaymentMethod::Stripe));
    sale.cancel().await.is(200);
    sale.shop.deliver_everything().await;
    assert_eq!(sale.refunds().await, [TOTAL]);
    sale.is_cancelled_and_refunded().await;
}

// M14
#[tokio::test]
async fn changing_back_and_forth_ends_with_one_charge_and_never_extends_the_order_for_good() {
    let sale = Sale::ordered_with_card(DECLINED).await;
    sale.shop.deliver_everything().await;
    let declined = sale.stripe.card(DECLINED).await;
    for day in 0..9 {
        let changed = sale.change(&format!("transfer-{day}"), transfer()).await;
        if changed.status != 200 {
            changed.is_problem(409, "payment_not_confirmable");
            break;
        }
        sale.shop.deliver_everything().await;
        assert_eq!(sale.window().await, 7 * DAY);
        sale.shop.clock.advance(DAY);
        sale.shop.run_maintenance().await;
        if sale.change(&format!("card-{day}"), card(&declined)).await.status != 200 {
            break;
        }
        assert!(sale.window().await <= 7 * DAY);
        sale.shop.deliver_everything().await;
        sale.shop.verify().await;
    }
    sale.shop.deliver_everything().await;
    assert_eq!(sale.status().await, OrderStatus::Cancelled, "after seven days it has expired");
    assert_eq!(sale.charges().await, [0; 0]);
    sale.is_cancelled_and_refunded().await;
}

// M14
#[tokio::test]
async fn a_void_that_is_delivered_late_does_not_end_the_next_charge() {
    let sale = Sale::ordered_with_card(DECLINED).await;
    sale.shop.deliver_everything().await;
    sale.change("transfer", transfer()).await.is(200);
    let void = sale.message("payment.voidRequested").await;
    sale.shop.deliver_everything().await;
    sale.change("card", card(cards::GOOD)).await.is(200);
    // The worker died before it recorded the message as processed.
    let processed = sale.shop.store().database().collection::<bson::Document>("processedMessages");
    processed.delete_many(bson::doc! {}).await.unwrap();
    assert!(sale.shop.deliver(&[void]).await.is_empty());
    sale.shop.deliver_everything().await;
    sale.is_paid_once().await;
}

// M14
#[tokio::test]
async fn the_method_does_not_change_while_a_charge_is_under_way() {
    let sale = Sale::ordered().await;
    let blocked = sale.gateway.block_next(Call::Confirm, Moment::Before);
    let charging = sale.deliver("payment.requested");
    let changing = async {
        blocked.arrived().await;
        sale.change("transfer", transfer()).await.is_problem(409, "payment_not_confirmable");
        drop(blocked);
    };
    assert!(futures::join!(charging, changing).0);
    sale.shop.deliver_everything().await;
    sale.is_paid_once().await;
    sale.change("too-late", transfer()).await.is_problem(409, "payment_not_confirmable");
}

// M14
#[tokio::test]
async fn a_transfer_that_has_begun_to_arrive_is_not_changed() {
    let sale = by_transfer().await;
    let admin = sale.shop.admin("root").await;
    record_transfer(&sale.shop, &admin, &sale.order, "line-1", "line 1", 1).await.is(200);
    sale.change("card", card(cards::GOOD)).await.is_problem(409, "payment_not_confirmable");
    // The buyer gets it back by cancelling.
    sale.cancel().await.is(200);
    sale.shop.deliver_everything().await;
    assert_eq!(sale.payment().await.refunds[0].amount.minor(), 1);
    sale.shop.verify().await;
}

// M14
#[tokio::test]
async fn a_card_needs_a_token_and_a_method_that_the_shop_accepts() {
    let sale = by_transfer().await;
    let admin = sale.shop.admin("root").await;
    for (body, code, pointer) in [
        (json!({"method": "credit_card"}), "validation_failed", "/token"),
        (json!({"method": "bank_transfer", "token": cards::GOOD}), "validation_failed", "/token"),
        (json!({"method": "pigeon"}), "invalid_body", "/method"),
    ] {
        let refused = sale.change("change", body.clone()).await;
        assert_eq!(refused.is_problem(422, code).json["errors"][0]["pointer"], pointer, "{body}");
    }
    for body in [json!({}), json!({"token": cards::GOOD}), transfer()] {
        sale.change("change", body).await.is_problem(409, "payment_not_confirmable");
    }
    admin.put("/v1/settings/payment-methods", json!({"methods": ["stripe", "bank_transfer"]})).await.is(200);
    sale.change("change", card(cards::GOOD)).await.is_problem(422, "payment_method_unavailable");
    let by_stripe = json!({"method": "stripe", "token": cards::GOOD});
    assert_eq!(sale.change("change", by_stripe).await.is(200).json["method"], "stripe");
    sale.shop.deliver_everything().await;
    sale.is_paid_once().await;
}

// M14
#[tokio::test]
async fn a_guest_sees_pays_otherwise_and_cancels_with_the_token_of_the_cart() {
    let sale = Sale::open().await;
    let shop = &sale.shop;
    let add = json!({"productId": sale.mug, "quantity": 1});
    let mut orders = Vec::new();
    for number in 0..2 {
        let added = shop.post("/v1/cart/items", add.clone()).await;
        let token = added.is(200).json["cartToken"].as_str().unwrap().to_owned();
        let mut body = checkout_body("");
        (body["payment"], body["email"]) = (transfer(), json!("guest@example.test"));
        let placed = shop.request("POST", "/v1/checkout").cart(&token).key("order").json(body).send().await;
        let payment = placed.is(201).json["payment"].clone();
        assert_eq!(payment["instructions"]["amount"], TOTAL, "{number}: {payment}");
        orders.push((token, placed.id(), payment["id"].as_str().unwrap().to_owned()));
    }
    let (token, order, payment) = &orders[0];
    let (strange_token, other, _) = &orders[1];
    let ask = |method: &str, path: String, token: &str| shop.request(method, &path).cart(token);
    let seen = ask("GET", format!("/v1/orders/{order}"), token).send().await;
    assert_eq!(seen.is(200).json["email"], "guest@example.test");
    assert!(seen.json.get("user").is_none(), "{}", seen.json);

    let confirm = ask("POST", format!("/v1/payments/{payment}/confirm"), token).key("card").json(card(cards::GOOD));
    assert_eq!(confirm.send().await.is(200).json["method"], "credit_card");
    shop.deliver_everything().await;
    assert_eq!(shop.find_order(order).await.status, OrderStatus::Processing);

    for stranger in [strange_token.as_str(), "nonsense"] {
        ask("GET", format!("/v1/orders/{order}"), stranger).send().await.is_problem(404, "not_found");
        ask("POST", format!("/v1/orders/{order}/cancel"), stranger).key("no").send().await.is_problem(404, "not_found");
    }
    shop.get(&format!("/v1/orders/{order}")).await.is_problem(401, "not_authenticated");

    let cancel = async || ask("POST", format!("/v1/orders/{other}/cancel"), strange_token).key("cancel").send().await;
    let cancelled = cancel().await;
    assert_eq!(cancelled.is(200).json["cancellation"]["reason"], "requested");
    assert!(cancelled.json["cancellation"].get("by").is_none(), "{}", cancelled.json);
    let again = cancel().await;
    assert_eq!((again.header("idempotent-replayed"), &again.body), (Some("true"), &cancelled.body));
    shop.deliver_everything().await;
    assert_eq!(shop.find_order(other).await.status, OrderStatus::Cancelled);
    shop.verify().await;
}

// S3
#[tokio::test]
async fn mails_name_a_time_that_people_can_read_in_the_buyers_language() {
    let sale = Sale::open().await;
    let token = sale.stripe.card(DECLINED).await;
    sale.ada.patch("/v1/auth/me", json!({"preferences": {"language": "de"}})).await.is(200);
    let sale = sale.order(&token).await;
    sale.shop.deliver_everything().await;
    let mails = sale.shop.mails_to(&sale.ada.email).await;
    let (_, text) = mails.iter().find(|(subject, _)| subject.starts_with("Your payment did not go through")).unwrap();
    let at = sale.shop.find_order(&sale.order).await.reserved_until.utc();
    let expected = format!("{}, {:02}:{:02} UTC. Pay with", at.year, at.hour, at.minute);
    assert!(text.contains(&expected) && text.contains(&format!("until {}. ", at.day)), "{text}");
}
