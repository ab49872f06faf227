//! Payments without a gateway: free orders and bank transfers.

use std::time::Duration;

use serde_json::{Value, json};
use shared::domain::{
    order::OrderStatus,
    payment::{GatewayName, PaymentStatus, RefundStatus},
};
use tests::{Person, Reply, TestShop, cards, people::checkout_body};

use super::Sale;

#[tokio::test]
async fn a_free_order_is_confirmed_at_once() {
    let sale = Sale::open().await;
    let free = json!({"price": {"regular": 0}, "shipping": {"freeShipping": true}, "inventory": {"quantity": 3}});
    let gift = sale.shop.product("GIFT-1", free).await;
    sale.ada.add_to_cart(&gift, 2).await.is(200);
    let placed = sale.ada.checkout("gift").await;
    let order = placed.is(201).id();
    assert_eq!((&placed.json["status"], &placed.json["pricing"]["total"]), (&json!("confirmed"), &json!(0)));

    sale.shop.run_queues().await;
    let payment = sale.shop.payment_of(&order).await;
    assert_eq!((payment.status, payment.gateway), (PaymentStatus::Completed, GatewayName::None));
    assert_eq!(sale.shop.find_order(&order).await.status, OrderStatus::Processing);
    assert_eq!(sale.gateway.calls.load(std::sync::atomic::Ordering::SeqCst), 0, "a free order calls no gateway");
    sale.shop.verify().await;

    sale.ada.request("POST", &format!("/v1/orders/{order}/cancel")).key("cancel").send().await.is(200);
    sale.shop.run_queues().await;
    assert_eq!(sale.shop.payment_of(&order).await.refunds.len(), 0);
    assert_eq!(sale.shop.stock_of("GIFT-1").await.available, 3);
    sale.shop.verify().await;
}

/// Ada's order of a mug, to be paid by bank transfer.
pub(super) async fn by_transfer() -> Sale {
    let sale = Sale::open().await;
    sale.ada.add_to_cart(&sale.mug, 1).await.is(200);
    let mut body = checkout_body(cards::GOOD);
    body["payment"] = json!({"method": "bank_transfer"});
    let order = sale.ada.checkout_with("order", body).await.is(201).id();
    Sale { order, ..sale }
}

pub(super) async fn mark_paid(shop: &TestShop, person: &Person, order: &str, key: &str) -> Reply {
    let amount = shop.payment_of(order).await.amount.minor();
    record_transfer(shop, person, order, key, "statement 7, line 3", amount).await
}

/// An idempotency key, which has no spaces.
pub(super) fn key_of(reference: &str) -> String {
    reference.replace(' ', "-")
}

/// Records a transfer that arrived just now.
pub(super) async fn record_transfer(
    shop: &TestShop,
    person: &Person,
    order: &str,
    key: &str,
    reference: &str,
    amount: i64,
) -> Reply {
    let path = format!("/v1/payments/{}/mark-paid", shop.payment_of(order).await.id);
    let body = json!({"reference": reference, "amount": amount, "receivedAt": shop.clock.now().to_string()});
    person.request("POST", &path).key(key).json(body).send().await
}

#[tokio::test]
async fn an_administrator_records_a_transfer_once() {
    let sale = by_transfer().await;
    sale.shop.run_queues().await;
    assert_eq!((sale.status().await, sale.payment().await.status), (OrderStatus::Pending, PaymentStatus::Pending));

    let (shop, order) = (&sale.shop, sale.order.as_str());
    let admin = shop.admin("root").await;
    mark_paid(shop, &sale.ada, order, "mine").await.is_problem(403, "forbidden");
    let marked = mark_paid(shop, &admin, order, "line-3").await;
    assert_eq!(marked.is(200).json["status"], "completed");
    mark_paid(shop, &admin, order, "recorded-again").await.is_problem(409, "reference_used");
    shop.run_queues().await;
    let payment = sale.payment().await;
    assert_eq!((sale.status().await, payment.captured.minor()), (OrderStatus::Processing, super::TOTAL));
    assert_eq!(shop.enqueued_about("order.paid", order).await.len(), 1);
    shop.verify().await;
}

#[tokio::test]
async fn a_gateway_payment_cannot_be_marked_as_paid() {
    let sale = Sale::ordered().await;
    let admin = sale.shop.admin("root").await;
    mark_paid(&sale.shop, &admin, &sale.order, "trust-me").await.is_problem(409, "illegal_transition");
    assert_eq!(sale.payment().await.status, PaymentStatus::Pending);
}

#[tokio::test]
async fn a_late_transfer_reopens_the_order_or_is_to_be_refunded() {
    for stock_is_gone in [false, true] {
        let sale = by_transfer().await;
        // A transfer has seven days.
        sale.expire().await;
        assert_eq!(sale.status().await, OrderStatus::Pending);
        sale.shop.clock.advance(Duration::from_secs(7 * 24 * 3600));
        sale.expire().await;
        sale.is_cancelled_and_refunded().await;
        if stock_is_gone {
            sale.shop.customer("bob").await.order(&sale.mug, 10).await.is(201);
        }
        let admin = sale.shop.admin("root").await;
        let marked = mark_paid(&sale.shop, &admin, &sale.order, "late").await;
        sale.shop.deliver_everything().await;
        let payment = sale.payment().await;
        assert_eq!((marked.is(200).status.as_u16(), payment.status), (200, PaymentStatus::Completed));
        if stock_is_gone {
            assert_eq!(sale.status().await, OrderStatus::Cancelled);
            // An administrator pays it out: there is no gateway.
            let enqueued: Vec<_> =
                payment.refunds.iter().map(|refund| (refund.amount.minor(), refund.status)).collect();
            assert_eq!(enqueued, [(super::TOTAL, RefundStatus::Approved)]);
        } else {
            assert_eq!((sale.status().await, payment.refunds.len()), (OrderStatus::Processing, 0));
        }
        sale.shop.verify().await;
    }
}

#[tokio::test]
async fn a_card_needs_a_token_and_a_transfer_takes_none() {
    let sale = Sale::open().await;
    sale.ada.add_to_cart(&sale.mug, 1).await.is(200);
    for payment in [json!({"method": "credit_card"}), json!({"method": "bank_transfer", "token": cards::GOOD})] {
        let mut body: Value = checkout_body(cards::GOOD);
        body["payment"] = payment;
        let refused = sale.ada.checkout_with("order", body).await;
        assert_eq!(refused.is_problem(422, "validation_failed").json["errors"][0]["pointer"], "/payment/token");
    }
    assert_eq!(sale.shop.count("orders").await, 0);
}
