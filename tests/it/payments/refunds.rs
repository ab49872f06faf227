//! Refunds through the gateway, of a cancelled order and by an administrator.

use futures::future::join_all;
use serde_json::{Value, json};
use shared::domain::payment::{PaymentStatus, RefundStatus};
use tests::{Person, Reply, people::until_decided};

use super::{Sale, TOTAL};

impl Sale {
    async fn refund(&self, admin: &Person, key: &str, amount: impl Into<Value>) -> Reply {
        let path = format!("/v1/payments/{}/refunds", self.payment().await.id);
        let mut body = json!({"reason": "a scratch"});
        let amount = amount.into();
        if !amount.is_null() {
            body["amount"] = amount;
        }
        admin.request("POST", &path).key(key).json(body).send().await
    }

    async fn paid() -> Self {
        let sale = Self::ordered().await;
        sale.shop.deliver_everything().await;
        sale
    }
}

#[tokio::test]
async fn cancelling_a_paid_order_refunds_everything() {
    let sale = Sale::ordered().await;
    sale.shop.run_queues().await;
    sale.is_paid_once().await;

    let cancelled = sale.cancel().await;
    assert_eq!(cancelled.is(200).json["status"], "cancelled");
    assert_eq!(sale.stock().await.available, 10, "the stock is released at once");
    let again = sale.cancel().await;
    assert_eq!((again.header("idempotent-replayed"), &again.body), (Some("true"), &cancelled.body));
    let path = format!("/v1/orders/{}/cancel", sale.order);
    sale.ada.request("POST", &path).key("another").send().await.is_problem(409, "order_not_cancellable");

    sale.shop.run_queues().await;
    let payment = sale.payment().await;
    assert_eq!((payment.status, payment.refunds.len()), (PaymentStatus::Refunded, 1));
    assert_eq!((sale.charges().await, sale.refunds().await), (vec![TOTAL], vec![TOTAL]));
    sale.is_cancelled_and_refunded().await;
    let subjects = sale.subjects().await;
    for subject in ["Your order was cancelled", "Your refund is on its way"] {
        assert_eq!(subjects.iter().filter(|each| *each == subject).count(), 1, "{subject} in {subjects:?}");
    }
}

#[tokio::test]
async fn cancelling_refunds_only_what_was_not_refunded_before() {
    let sale = Sale::paid().await;
    let admin = sale.shop.admin("root").await;
    sale.refund(&admin, "scratch", 400).await.is(202);
    sale.cancel().await.is(200);
    sale.shop.deliver_everything().await;
    let mut refunds = sale.refunds().await;
    refunds.sort_unstable();
    assert_eq!(refunds, [400, TOTAL - 400]);
    assert_eq!(sale.payment().await.status, PaymentStatus::Refunded);
    sale.is_cancelled_and_refunded().await;
}

#[tokio::test]
async fn after_a_cancellation_nothing_is_refundable() {
    let sale = Sale::paid().await;
    let admin = sale.shop.admin("root").await;
    sale.cancel().await.is(200);
    assert!(sale.deliver("order.cancelled").await);
    sale.refund(&admin, "scratch", 1).await.is_problem(409, "refund_exceeds_captured");
    sale.shop.deliver_everything().await;
    sale.refund(&admin, "scratch", 1).await.is_problem(409, "illegal_transition");
    assert_eq!(sale.refunds().await, [TOTAL]);
    sale.is_cancelled_and_refunded().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_parallel_refunds_never_exceed_the_captured_amount() {
    let sale = Sale::ordered().await;
    let admin = sale.shop.admin("root").await;
    sale.refund(&admin, "too-early", 1).await.is_problem(409, "illegal_transition");
    sale.shop.deliver_everything().await;

    let keys: Vec<String> = (0..100).map(|number| format!("scratch-{number}")).collect();
    let replies = join_all(keys.iter().map(|key| until_decided(async || sale.refund(&admin, key, 400).await))).await;
    let given = replies.iter().filter(|reply| reply.status.as_u16() == 202).count();
    assert_eq!(given, 3);
    for reply in replies.iter().filter(|reply| reply.status.as_u16() != 202) {
        reply.is_problem(409, "refund_exceeds_captured");
        assert_eq!(reply.json["refundable"], 300);
    }
    sale.refund(&admin, "the-rest", Value::Null).await.is(202);
    sale.shop.deliver_everything().await;
    let payment = sale.payment().await;
    assert!(payment.refunds.iter().all(|refund| refund.status == RefundStatus::Processed));
    assert_eq!((sale.refunds().await.iter().sum::<i64>(), payment.status), (TOTAL, PaymentStatus::Refunded));
    sale.shop.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_refund_request_is_one_refund() {
    let sale = Sale::paid().await;
    let admin = sale.shop.admin("root").await;
    let replies = join_all((0..10).map(|_| sale.refund(&admin, "one-scratch", 500))).await;
    assert!(replies.iter().any(|reply| reply.status.as_u16() == 202));
    for reply in &replies {
        if reply.status.as_u16() != 202 {
            reply.is_problem(409, "idempotency_in_progress");
        }
    }
    sale.shop.deliver_everything().await;
    assert_eq!(sale.refunds().await, [500]);
    assert_eq!(sale.payment().await.status, PaymentStatus::Completed);
    sale.shop.verify().await;
}
