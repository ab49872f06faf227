//! Refunds of bank transfers, marked as paid by an administrator, and when a returned order counts as refunded.

use futures::future::join_all;
use serde_json::{Value, json};
use shared::domain::{order::OrderStatus, payment::PaymentStatus};
use tests::{Person, Reply};

use super::{
    Sale, TOTAL,
    offline_payments::{by_transfer, mark_paid},
};

impl Sale {
    /// Paid by transfer.
    async fn transferred(admin: &str) -> (Self, Person) {
        let sale = by_transfer().await;
        let admin = sale.shop.admin(admin).await;
        mark_paid(&sale.shop, &admin, &sale.order, "line-3").await.is(200);
        sale.shop.deliver_everything().await;
        (sale, admin)
    }

    /// Requests a refund; answers its id.
    async fn request_refund(&self, admin: &Person, amount: i64) -> String {
        let path = format!("/v1/payments/{}/refunds", self.payment().await.id);
        let body = json!({"amount": amount, "reason": "a scratch"});
        let enqueued = admin.request("POST", &path).key(&format!("back-{amount}")).json(body).send().await;
        enqueued.is(202).id()
    }

    async fn mark_refund_paid(&self, person: &Person, refund: &str, key: &str) -> Reply {
        let path = format!("/v1/payments/{}/refunds/{refund}/mark-paid", self.payment().await.id);
        person.request("POST", &path).key(key).json(json!({"reference": "statement 8, line 1"})).send().await
    }

    /// Ships and delivers the mug.
    async fn shipped_and_delivered(&self, admin: &Person) {
        let order = format!("/v1/orders/{}", self.order);
        let parcel = json!({"carrier": "DHL", "trackingNumber": "JD014600003817"});
        admin.post(&format!("{order}/ship"), parcel).await.is(200);
        admin.post(&format!("{order}/deliver"), json!({})).await.is(200);
        self.shop.deliver_everything().await;
    }

    /// Receives the returned mug; its messages are not delivered yet.
    async fn received_back(&self, admin: &Person) {
        let order = format!("/v1/orders/{}", self.order);
        let line = self.shop.find_order(&self.order).await.items[0].id;
        let wanted = json!({"items": [{"itemId": line, "quantity": 1}], "reason": "It is broken."});
        let asked = self.ada.request("POST", &format!("{order}/returns")).key("back").json(wanted).send().await;
        let returned = asked.is(201).id();
        for verb in ["approve", "receive"] {
            admin.request("POST", &format!("/v1/returns/{returned}/{verb}")).send().await.is(200);
        }
    }

    async fn delivered_and_returned(&self, admin: &Person) {
        self.shipped_and_delivered(admin).await;
        self.received_back(admin).await;
    }

    async fn refund_mails(&self) -> usize {
        self.subjects().await.iter().filter(|subject| *subject == "Your refund is on its way").count()
    }
}

#[tokio::test]
async fn a_refund_of_a_transfer_is_processed_when_marked_as_paid() {
    let (sale, admin) = Sale::transferred("root").await;
    sale.cancel().await.is(200);
    sale.shop.deliver_everything().await;
    let payment = sale.payment().await;
    let refund = payment.refunds[0].id.to_string();
    assert_eq!((payment.status, sale.refund_mails().await), (PaymentStatus::Completed, 0));

    sale.mark_refund_paid(&sale.ada, &refund, "mine").await.is_problem(403, "forbidden");
    sale.mark_refund_paid(&admin, "507f1f77bcf86cd799439011", "whose").await.is_problem(404, "not_found");
    let marked = sale.mark_refund_paid(&admin, &refund, "line-1").await;
    let seen = &marked.is(200).json["refunds"][0];
    assert_eq!((&marked.json["status"], &seen["status"]), (&json!("refunded"), &json!("processed")));
    assert_eq!((&seen["reference"], &seen["amount"]), (&json!("statement 8, line 1"), &json!(TOTAL)));
    assert!(seen["processedAt"].is_string());
    let again = sale.mark_refund_paid(&admin, &refund, "line-1").await;
    assert_eq!((again.header("idempotent-replayed"), &again.body), (Some("true"), &marked.body));
    let twice = sale.mark_refund_paid(&admin, &refund, "line-2").await;
    assert!(twice.is_problem(409, "illegal_transition").json["detail"].as_str().unwrap().contains("processed"));

    sale.shop.deliver_everything().await;
    assert_eq!((sale.refund_mails().await, sale.payment().await.refunds.len()), (1, 1));
    assert_eq!((sale.status().await, sale.stock().await.available), (OrderStatus::Cancelled, 10));
    let totals = admin.get("/v1/reports/revenue").await.json["totals"].clone();
    assert_eq!((&totals["refunds"], &totals["net"]), (&json!(TOTAL), &json!(0)));
    sale.shop.verify().await;
}

#[tokio::test]
async fn a_payment_is_refunded_with_the_last_of_its_refunds() {
    let (sale, admin) = Sale::transferred("root").await;
    let first = sale.request_refund(&admin, 500).await;
    let second = sale.request_refund(&admin, 1000).await;
    assert_eq!(sale.mark_refund_paid(&admin, &second, "second").await.is(200).json["status"], "completed");
    assert_eq!(sale.mark_refund_paid(&admin, &first, "first").await.is(200).json["status"], "refunded");
    sale.shop.deliver_everything().await;
    assert_eq!(sale.refund_mails().await, 2);
    sale.shop.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_marks_of_one_refund_take_effect_once() {
    let (sale, admin) = Sale::transferred("root").await;
    let refund = sale.request_refund(&admin, 500).await;
    let keys: Vec<String> = (0..6).map(|number| format!("line-{number}")).collect();
    let replies = join_all(keys.iter().map(|key| sale.mark_refund_paid(&admin, &refund, key))).await;
    assert_eq!(replies.iter().filter(|reply| reply.status.as_u16() == 200).count(), 1);
    for refused in replies.iter().filter(|reply| reply.status.as_u16() != 200) {
        refused.is_problem(409, "illegal_transition");
    }
    assert_eq!(sale.shop.enqueued_about("email.refunded", &sale.order).await.len(), 1);
    sale.shop.verify().await;
}

#[tokio::test]
async fn a_gateway_refund_cannot_be_marked_as_paid() {
    let sale = Sale::ordered().await;
    sale.shop.deliver_everything().await;
    let admin = sale.shop.admin("root").await;
    let refund = sale.request_refund(&admin, 500).await;
    sale.mark_refund_paid(&admin, &refund, "trust-me").await.is_problem(409, "illegal_transition");
    assert!(sale.refunds().await.is_empty());
    sale.shop.deliver_everything().await;
    assert_eq!(sale.refunds().await, [500]);
}

#[tokio::test]
async fn a_returned_order_is_refunded_when_its_refund_is_processed() {
    for by_card in [true, false] {
        let (sale, admin) = if by_card {
            let sale = Sale::ordered().await;
            sale.shop.deliver_everything().await;
            let admin = sale.shop.admin("root").await;
            (sale, admin)
        } else {
            Sale::transferred("root").await
        };
        sale.delivered_and_returned(&admin).await;
        assert!(sale.deliver("order.returned").await);
        assert_eq!((sale.status().await, sale.stock().await.returned), (OrderStatus::Delivered, 1));
        sale.shop.verify().await;
        sale.shop.deliver_everything().await;
        if !by_card {
            assert_eq!((sale.status().await, sale.refund_mails().await), (OrderStatus::Delivered, 0));
            let refund = sale.payment().await.refunds[0].id.to_string();
            sale.mark_refund_paid(&admin, &refund, "line-1").await.is(200);
            sale.shop.deliver_everything().await;
        }
        // Shipping is not refunded.
        assert_eq!(
            (sale.status().await, sale.payment().await.status),
            (OrderStatus::Refunded, PaymentStatus::Completed)
        );
        assert_eq!(sale.refund_mails().await, 1);
        let order = sale.shop.find_order(&sale.order).await;
        assert_eq!(order.timeline.last().unwrap().note, "returned in full and refunded");
        // Refunding the shipping later leaves the order as it is.
        let shipping = sale.request_refund(&admin, 500).await;
        if by_card {
            sale.shop.deliver_everything().await;
        } else {
            sale.mark_refund_paid(&admin, &shipping, "line-2").await.is(200);
        }
        let seen: Value = sale.ada.get(&format!("/v1/orders/{}", sale.order)).await.json.clone();
        assert_eq!((&seen["status"], &seen["payment"]["status"]), (&json!("refunded"), &json!("refunded")));
        sale.shop.verify().await;
    }
}

#[tokio::test]
async fn a_return_of_a_fully_refunded_payment_marks_the_order_refunded() {
    let (sale, admin) = Sale::transferred("root").await;
    sale.shipped_and_delivered(&admin).await;
    let all = sale.request_refund(&admin, TOTAL).await;
    sale.mark_refund_paid(&admin, &all, "line-1").await.is(200);
    sale.received_back(&admin).await;
    sale.shop.deliver_everything().await;
    assert_eq!((sale.status().await, sale.payment().await.refunds.len()), (OrderStatus::Refunded, 1));
    sale.shop.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_refund_and_the_last_return_mark_the_order_refunded_once() {
    let (sale, admin) = Sale::transferred("root").await;
    sale.shipped_and_delivered(&admin).await;
    let goodwill = sale.request_refund(&admin, TOTAL).await;
    sale.received_back(&admin).await;
    let returned = sale.shop.enqueued_about("order.returned", &sale.order).await;
    let (marked, failed) =
        futures::join!(sale.mark_refund_paid(&admin, &goodwill, "line-1"), sale.shop.deliver(&returned));
    marked.is(200);
    assert!(failed.is_empty());
    let order = sale.shop.find_order(&sale.order).await;
    let ends = order.timeline.iter().filter(|entry| entry.status == OrderStatus::Refunded).count();
    assert_eq!((order.status, ends), (OrderStatus::Refunded, 1));
    sale.shop.verify().await;
}
