//! Bank transfers: in part, in full, too much, twice and late; what is not owed goes back.

use std::time::Duration;

use futures::future::join;
use serde_json::{Value, json};
use shared::domain::{
    order::OrderStatus,
    payment::{PaymentStatus, RefundStatus},
};
use tests::{Person, Reply, people::until_decided};

use super::{
    Sale, TOTAL,
    offline_payments::{by_transfer, key_of, record_transfer},
};

const AFTER_EXPIRY: Duration = Duration::from_secs(7 * 24 * 3600 + 60);

/// Ada owes a transfer for a mug, and an administrator reads the bank statement.
struct Transfers {
    sale: Sale,
    admin: Person,
}

impl Transfers {
    async fn owed() -> Self {
        let sale = by_transfer().await;
        let admin = sale.shop.admin("root").await;
        sale.shop.deliver_everything().await;
        Self { sale, admin }
    }

    /// Records a line of the bank statement for Ada's order.
    async fn record(&self, reference: &str, amount: i64) -> Reply {
        record_transfer(&self.sale.shop, &self.admin, &self.sale.order, &key_of(reference), reference, amount).await
    }

    /// Records a transfer that must be accepted, and delivers what follows.
    async fn recorded(&self, reference: &str, amount: i64) -> Value {
        let reply = self.record(reference, amount).await;
        self.sale.shop.deliver_everything().await;
        self.sale.shop.verify().await;
        reply.is(200).json.clone()
    }

    async fn refunds(&self) -> Vec<(i64, RefundStatus)> {
        self.sale.payment().await.refunds.iter().map(|refund| (refund.amount.minor(), refund.status)).collect()
    }

    async fn states(&self) -> (OrderStatus, PaymentStatus) {
        (self.sale.status().await, self.sale.payment().await.status)
    }

    /// Transfers every refund that is owed.
    async fn send_back(&self) {
        let payment = self.sale.payment().await;
        for refund in payment.refunds.iter().filter(|refund| refund.status == RefundStatus::Approved) {
            let path = format!("/v1/payments/{}/refunds/{}/mark-paid", payment.id, refund.id);
            let body = json!({"reference": format!("back {}", refund.id)});
            self.admin.request("POST", &path).key(&refund.id.to_string()).json(body).send().await.is(200);
        }
        self.sale.shop.deliver_everything().await;
        self.sale.shop.verify().await;
    }

    /// The text of Ada's last mail with this subject.
    async fn mail(&self, subject: &str) -> String {
        let mails = self.sale.shop.mails_to(&self.sale.ada.email).await;
        let found = mails.iter().rev().find(|(title, _)| title.starts_with(subject));
        found.unwrap_or_else(|| panic!("no mail {subject} in {mails:?}")).1.clone()
    }
}

// M13
#[tokio::test]
async fn the_buyer_is_told_where_to_transfer_what_by_when() {
    let Transfers { sale, admin } = Transfers::owed().await;
    let (order, payment) = (sale.shop.find_order(&sale.order).await, sale.payment().await.id);
    let expected = json!({
        "accountHolder": "Demo Shop", "iban": "DE89370400440532013000", "bic": "COBADEFFXXX", "bankName": "Demo Bank",
        "amount": TOTAL, "reference": order.order_number, "until": order.reserved_until.to_string(),
    });
    let placed = sale.ada.request("POST", "/v1/checkout").key("order").json(checkout_by_transfer()).send().await;
    assert_eq!(placed.header("idempotent-replayed"), Some("true"));
    let of_order = async || sale.ada.get(&format!("/v1/orders/{}", sale.order)).await.is(200).json.clone();
    let of_payment = async || sale.ada.get(&format!("/v1/payments/{payment}")).await.is(200).json.clone();
    for shown in [&placed.json["payment"], &of_order().await["payment"], &of_payment().await] {
        assert_eq!(shown["instructions"], expected, "{shown}");
    }
    let transfers = Transfers { sale, admin };
    let mail = transfers.mail("We have received your order").await;
    for part in
        ["Please transfer 15.00 USD by ", " UTC:", "Demo Shop", "DE89 3704 0044 0532 0130 00", &order.order_number]
    {
        assert!(mail.contains(part), "{part} in {mail}");
    }
    transfers.recorded("line 1", TOTAL).await;
    let sale = &transfers.sale;
    let shown = sale.ada.get(&format!("/v1/payments/{payment}")).await.is(200).json.clone();
    assert!(shown.get("instructions").is_none(), "nothing is owed any more: {shown}");
}

fn checkout_by_transfer() -> Value {
    let mut body = tests::people::checkout_body("");
    body["payment"] = json!({"method": "bank_transfer"});
    body
}

// M13
#[tokio::test]
async fn less_than_is_owed_keeps_the_payment_pending_until_the_rest_arrives() {
    let transfers = Transfers::owed().await;
    let shown = transfers.recorded("line 1", 500).await;
    assert_eq!((&shown["status"], &shown["received"], &shown["captured"]), (&json!("pending"), &json!(500), &json!(0)));
    assert_eq!(shown["transfers"][0]["reference"], "line 1");
    assert_eq!(transfers.states().await, (OrderStatus::Pending, PaymentStatus::Pending));
    let mail = transfers.mail("Your bank transfer").await;
    assert!(mail.contains("we have received 5.00 USD of 15.00 USD. Please transfer 10.00 USD by "), "{mail}");

    let shown = transfers.recorded("line 2", TOTAL - 500).await;
    assert_eq!((&shown["status"], &shown["captured"]), (&json!("completed"), &json!(TOTAL)));
    assert!(shown.get("received").is_none(), "{shown}");
    assert_eq!(transfers.states().await, (OrderStatus::Processing, PaymentStatus::Completed));
    assert_eq!(transfers.refunds().await, []);
}

// M13
#[tokio::test]
async fn more_than_is_owed_is_owed_back_and_the_buyer_is_told() {
    let transfers = Transfers::owed().await;
    let shown = transfers.recorded("line 1", TOTAL + 500).await;
    assert_eq!((&shown["status"], &shown["captured"]), (&json!("completed"), &json!(TOTAL + 500)));
    assert_eq!(transfers.states().await, (OrderStatus::Processing, PaymentStatus::Completed));
    assert_eq!(transfers.refunds().await, [(500, RefundStatus::Approved)]);
    let mail = transfers.mail("Your transfer will be returned").await;
    assert!(mail.contains("owe you 5.00 USD of it: more was transferred than the order costs"), "{mail}");
    transfers.send_back().await;
    assert_eq!(transfers.refunds().await, [(500, RefundStatus::Processed)]);
    assert_eq!(transfers.states().await, (OrderStatus::Processing, PaymentStatus::Completed));
    // The surplus was never revenue.
    let totals = transfers.admin.get("/v1/reports/revenue").await.json["totals"].clone();
    assert_eq!((&totals["refunds"], &totals["net"]), (&json!(0), &json!(TOTAL)));
    let parcel = json!({"carrier": "DHL", "trackingNumber": "JD014600003817"});
    transfers.admin.post(&format!("/v1/orders/{}/ship", transfers.sale.order), parcel).await.is(200);
    transfers.sale.shop.verify().await;
}

// M13
#[tokio::test]
async fn a_transfer_for_a_paid_cancelled_or_refunded_order_is_owed_back() {
    let transfers = Transfers::owed().await;
    transfers.recorded("paid", TOTAL).await;
    transfers.recorded("twice", TOTAL).await;
    assert_eq!(transfers.refunds().await, [(TOTAL, RefundStatus::Approved)]);
    assert_eq!(transfers.states().await, (OrderStatus::Processing, PaymentStatus::Completed));
    transfers.sale.cancel().await.is(200);
    transfers.sale.shop.deliver_everything().await;
    transfers.recorded("for a cancelled order", 7).await;
    let approved = RefundStatus::Approved;
    assert_eq!(transfers.refunds().await, [(TOTAL, approved), (TOTAL, approved), (7, approved)]);
    transfers.send_back().await;
    assert_eq!(transfers.states().await, (OrderStatus::Cancelled, PaymentStatus::Refunded));
    transfers.recorded("for a refunded order", 9).await;
    assert_eq!(transfers.states().await, (OrderStatus::Cancelled, PaymentStatus::Completed));
    transfers.send_back().await;
    assert_eq!(transfers.states().await, (OrderStatus::Cancelled, PaymentStatus::Refunded));
    let payment = transfers.sale.payment().await;
    assert_eq!((payment.captured.minor(), payment.transfers.len()), (2 * TOTAL + 16, 4));
}

// M13
#[tokio::test]
async fn a_partial_transfer_of_an_order_that_ends_is_owed_back() {
    for is_cancelled in [true, false] {
        let transfers = Transfers::owed().await;
        transfers.recorded("line 1", 500).await;
        if is_cancelled {
            transfers.sale.cancel().await.is(200);
        } else {
            transfers.sale.shop.clock.advance(AFTER_EXPIRY);
            transfers.sale.shop.run_maintenance().await;
        }
        transfers.sale.shop.deliver_everything().await;
        assert_eq!(transfers.states().await, (OrderStatus::Cancelled, PaymentStatus::Completed));
        assert_eq!(transfers.refunds().await, [(500, RefundStatus::Approved)]);
        assert_eq!((transfers.sale.stock().await.reserved, transfers.sale.stock().await.available), (0, 10));
        // The rest does not bring the order back: it is owed back too.
        transfers.recorded("line 2", TOTAL - 500).await;
        transfers.send_back().await;
        let processed = RefundStatus::Processed;
        assert_eq!(transfers.refunds().await, [(500, processed), (TOTAL - 500, processed)]);
        assert_eq!(transfers.states().await, (OrderStatus::Cancelled, PaymentStatus::Refunded));
    }
}

// M13
#[tokio::test]
async fn late_money_that_is_too_little_does_not_reopen_the_order() {
    let transfers = Transfers::owed().await;
    transfers.sale.shop.clock.advance(AFTER_EXPIRY);
    transfers.sale.expire().await;
    transfers.recorded("late", TOTAL - 1).await;
    assert_eq!(transfers.states().await, (OrderStatus::Cancelled, PaymentStatus::Completed));
    assert_eq!(transfers.refunds().await, [(TOTAL - 1, RefundStatus::Approved)]);
}

// M13
#[tokio::test]
async fn a_line_of_the_bank_statement_counts_once_in_the_whole_shop() {
    let transfers = Transfers::owed().await;
    let (shop, admin) = (&transfers.sale.shop, &transfers.admin);
    let bob = shop.customer("bob").await;
    bob.add_to_cart(&transfers.sale.mug, 1).await.is(200);
    let second = bob.checkout_with("order", checkout_by_transfer()).await.is(201).id();
    let marked = record_transfer(shop, admin, &transfers.sale.order, "one", "Statement 7, Line 3", TOTAL).await;
    marked.is(200);
    for (key, order, reference) in [
        ("two", &second, "Statement 7, Line 3"),
        ("three", &second, "  statement 7, LINE 3 "),
        ("four", &transfers.sale.order, "statement 7, line 3"),
    ] {
        let refused = record_transfer(shop, admin, order, key, reference, TOTAL).await;
        let problem = &refused.is_problem(409, "reference_used").json;
        assert_eq!(problem["errors"][0]["pointer"], "/reference");
    }
    assert_eq!(shop.payment_of(&second).await.transfers, []);
    // The refused key is free again, and the accepted one replays.
    record_transfer(shop, admin, &second, "two", "Statement 7, line 4", TOTAL).await.is(200);
    let path = format!("/v1/payments/{}/mark-paid", transfers.sale.payment().await.id);
    let sent = json!({"reference": "Statement 7, Line 3", "amount": TOTAL, "receivedAt": marked.json["transfers"][0]["receivedAt"]});
    let again = admin.request("POST", &path).key("one").json(sent).send().await;
    assert_eq!((again.header("idempotent-replayed"), &again.body), (Some("true"), &marked.body));
    shop.deliver_everything().await;
    assert_eq!(transfers.states().await, (OrderStatus::Processing, PaymentStatus::Completed));
    shop.verify().await;
}

// M13
#[tokio::test(flavor = "multi_thread")]
async fn one_line_recorded_for_two_orders_at_once_has_one_winner() {
    let transfers = Transfers::owed().await;
    let (shop, mug) = (&transfers.sale.shop, &transfers.sale.mug);
    let other_admin = shop.admin("ruth").await;
    let bob = shop.customer("bob").await;
    for round in 0..4 {
        let mut orders = Vec::new();
        for person in [&transfers.sale.ada, &bob] {
            person.add_to_cart(mug, 1).await.is(200);
            let placed = person.checkout_with(&format!("round-{round}"), checkout_by_transfer()).await;
            orders.push(placed.is(201).id());
        }
        let reference = format!("statement 7, line {round}");
        let record = async |admin: &Person, order: &str| {
            until_decided(async || record_transfer(shop, admin, order, &key_of(&reference), &reference, TOTAL).await)
                .await
        };
        let replies = join(record(&transfers.admin, &orders[0]), record(&other_admin, &orders[1])).await;
        let (winner, loser) = if replies.0.status == 200 { (replies.0, replies.1) } else { (replies.1, replies.0) };
        winner.is(200);
        loser.is_problem(409, "reference_used");
        let mut received = 0;
        for order in &orders {
            received += shop.payment_of(order).await.transfers.len();
        }
        assert_eq!(received, 1);
    }
    shop.deliver_everything().await;
    shop.verify().await;
}

// M13
#[tokio::test(flavor = "multi_thread")]
async fn a_transfer_at_the_moment_of_expiry_pays_or_goes_back() {
    for amount in [TOTAL, 500] {
        for _ in 0..3 {
            let transfers = Transfers::owed().await;
            let shop = &transfers.sale.shop;
            shop.clock.advance(AFTER_EXPIRY);
            let record = until_decided(async || transfers.record("at the last moment", amount).await);
            let (recorded, _) = join(record, shop.run_maintenance()).await;
            recorded.is(200);
            shop.run_maintenance().await;
            shop.deliver_everything().await;
            shop.verify().await;
            if amount == TOTAL {
                // In time, or late: the stock is still there.
                assert_eq!(transfers.states().await, (OrderStatus::Processing, PaymentStatus::Completed));
                assert_eq!((transfers.refunds().await, transfers.sale.stock().await.reserved), (vec![], 1));
            } else {
                assert_eq!(transfers.states().await, (OrderStatus::Cancelled, PaymentStatus::Completed));
                assert_eq!(transfers.refunds().await, [(amount, RefundStatus::Approved)]);
            }
        }
    }
}

// M13
#[tokio::test]
async fn a_transfer_has_an_amount_and_a_time_that_has_come() {
    let transfers = Transfers::owed().await;
    let now = transfers.sale.shop.clock.now();
    let path = format!("/v1/payments/{}/mark-paid", transfers.sale.payment().await.id);
    let later = now.plus(Duration::from_secs(3600)).to_string();
    for (field, value, code) in [
        ("amount", json!(0), "validation_failed"),
        ("amount", json!(-1), "validation_failed"),
        ("amount", json!(i64::MAX), "validation_failed"),
        ("amount", json!(1.5), "invalid_body"),
        ("amount", Value::Null, "invalid_body"),
        ("receivedAt", json!(later), "validation_failed"),
        ("receivedAt", json!("yesterday"), "invalid_body"),
        ("reference", json!("  "), "validation_failed"),
    ] {
        let mut body = json!({"reference": "line 1", "amount": TOTAL, "receivedAt": now.to_string()});
        body[field] = value;
        let refused = transfers.admin.request("POST", &path).key("line-1").json(body.clone()).send().await;
        let problem = &refused.is_problem(422, code).json;
        assert_eq!(problem["errors"][0]["pointer"], format!("/{field}"), "{body}");
    }
    assert_eq!(transfers.sale.payment().await.transfers, []);
    transfers.recorded("line 1", TOTAL).await;
}
