//! `GET /v1/reports/revenue`

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::domain::{
    Money, Timestamp,
    order::{OrderItem, OrderStatus, ReturnStatus},
    payment::RefundStatus,
};
use tests::Person;

use super::{DAY, History, date};

fn sum(amounts: impl Iterator<Item = Money>) -> i64 {
    amounts.map(Money::minor).sum()
}

/// Adds the fields of a report's row up.
fn add(row: &mut Value, fields: &[(&str, i64)]) {
    for (field, amount) in fields {
        row[*field] = json!(row[*field].as_i64().unwrap_or_default() + amount);
    }
}

/// The report that these rows make.
fn revenue(days: BTreeMap<String, Value>) -> Value {
    let mut totals = json!({});
    let mut items = Vec::new();
    for (day, row) in days {
        let fields: Vec<(&str, i64)> =
            row.as_object().unwrap().iter().map(|(field, amount)| (field.as_str(), amount.as_i64().unwrap())).collect();
        add(&mut totals, &fields);
        let mut item = row.clone();
        item["date"] = json!(day);
        items.push(item);
    }
    json!({"currency": "USD", "items": items, "totals": totals})
}

#[tokio::test]
async fn the_revenue_is_the_sum_of_the_orders() {
    let history = History::build().await;
    let mut days = BTreeMap::new();
    let sales = history.sales().await;
    assert_eq!((sales.len(), history.shop.count("orders").await), (4, 6));
    for order in &sales {
        let payment = history.shop.store().payments.find(order.payment).await.unwrap().unwrap();
        let processed = payment.refunds.iter().filter(|refund| refund.status == RefundStatus::Processed);
        let refunds = sum(processed.map(|refund| refund.amount));
        let pricing = order.pricing;
        let tax_on_top = if order.prices_include_tax { 0 } else { pricing.tax.minor() };
        let net = pricing.subtotal.minor() - pricing.discount.minor() + pricing.shipping.minor() + tax_on_top - refunds;
        assert_eq!(net, payment.captured.minor() - refunds);
        let fields = [
            ("orders", 1),
            ("gross", pricing.subtotal.minor()),
            ("discount", pricing.discount.minor()),
            ("tax", pricing.tax.minor()),
            ("shipping", pricing.shipping.minor()),
            ("refunds", refunds),
            ("net", net),
        ];
        add(days.entry(date(order.created_at)).or_insert_with(|| json!({})), &fields);
    }
    assert!(days.len() >= 3);
    let expected = revenue(days.clone());
    let path = format!("/v1/reports/revenue{}", history.whole());
    assert_eq!(history.admin.get(&path).await.is(200).json, expected);
    // Without days it is the last thirty, today included.
    assert_eq!(history.admin.get("/v1/reports/revenue").await.json, expected);
    // `to` is exclusive.
    for (day, row) in &days {
        let path = format!("/v1/reports/revenue?from={day}&to={}", next(day));
        let report = history.admin.get(&path).await.is(200).json.clone();
        assert_eq!((report["items"].as_array().unwrap().len(), &report["totals"]), (1, row), "{day}");
    }
    let euros = history.admin.get("/v1/reports/revenue?currency=EUR").await.is(200).json.clone();
    assert_eq!((&euros["currency"], &euros["items"], &euros["totals"]["net"]), (&json!("EUR"), &json!([]), &json!(0)));
    history.admin.put("/v1/settings/currencies", json!({"currencies": ["EUR", "USD"]})).await.is(200);
    assert_eq!(history.admin.get("/v1/reports/revenue").await.is(200).json, euros);
}

fn next(day: &str) -> String {
    let midnight: Timestamp = serde_json::from_value(json!(format!("{day}T00:00:00Z"))).unwrap();
    date(midnight.plus(DAY))
}

#[tokio::test]
async fn a_sellers_revenue_is_the_sum_of_their_own_lines() {
    let history = History::build().await;
    for seller in [&history.grace, &history.eve] {
        let mut days = BTreeMap::new();
        for order in history.sales().await {
            let own: Vec<&OrderItem> = order.items.iter().filter(|line| line.seller == seller.id).collect();
            if own.is_empty() {
                continue;
            }
            let amount = |of: fn(&OrderItem) -> Money| sum(own.iter().map(|line| of(line)));
            let received = order.returns.iter().filter(|each| each.status == ReturnStatus::Received);
            let returned = received.flat_map(|each| &each.items);
            let returned = returned.filter(|item| own.iter().any(|line| line.id == item.item_id));
            let refunds = match order.status {
                OrderStatus::Cancelled => amount(|line| line.total),
                _ => sum(returned.map(|item| item.refund)),
            };
            let fields = [
                ("orders", 1),
                ("gross", amount(|line| line.subtotal)),
                ("discount", amount(|line| line.discount)),
                ("tax", amount(|line| line.tax)),
                ("shipping", 0),
                ("refunds", refunds),
                ("net", amount(|line| line.total) - refunds),
            ];
            add(days.entry(date(order.created_at)).or_insert_with(|| json!({})), &fields);
        }
        let path = format!("/v1/reports/revenue{}", history.whole());
        let report = seller.get(&path).await.is(200).json.clone();
        assert_eq!(report, revenue(days));
        assert!(report["totals"]["refunds"].as_i64().unwrap() > 0);
    }
    // Both together are the shop, but for the parcels.
    let path = format!("/v1/reports/revenue{}", history.whole());
    let total = async |person: &Person, field: &str| person.get(&path).await.json["totals"][field].as_i64().unwrap();
    for field in ["gross", "discount"] {
        let both = total(&history.grace, field).await + total(&history.eve, field).await;
        assert_eq!(both, total(&history.admin, field).await, "{field}");
    }
}
