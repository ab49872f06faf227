//! `GET /v1/reports/sales-by-category`, `GET /v1/reports/best-sellers`

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::History;

#[tokio::test]
async fn sales_by_category_and_best_sellers_add_up_to_the_revenue() {
    let history = History::build().await;
    for person in [&history.admin, &history.grace, &history.eve] {
        let lines = history.lines((person.id != history.admin.id).then_some(person.id)).await;
        let mut categories: BTreeMap<Option<String>, (i64, i64, Vec<String>)> = BTreeMap::new();
        let mut products: BTreeMap<String, (i64, i64)> = BTreeMap::new();
        for (order, line) in &lines {
            let revenue = line.subtotal.minor() - line.discount.minor();
            let category = line.category_path.last().map(ToString::to_string);
            let (units, sum, orders) = categories.entry(category).or_default();
            *units += line.quantity.get();
            *sum += revenue;
            orders.push(order.order_number.clone());
            let (units, sum) = products.entry(line.sku.to_string()).or_default();
            *units += line.quantity.get();
            *sum += revenue;
        }
        let names = BTreeMap::from([(history.kitchen.clone(), "Kitchen"), (history.garden.clone(), "Garden")]);
        let mut expected: Vec<Value> = Vec::new();
        for (category, (units, revenue, mut orders)) in categories {
            orders.sort();
            orders.dedup();
            let category = category.map(|id| json!({"id": id, "name": names[&id]}));
            expected.push(json!({"category": category, "units": units, "revenue": revenue, "orders": orders.len()}));
        }
        expected.sort_by_key(|item| -item["revenue"].as_i64().unwrap());
        let path = format!("/v1/reports/sales-by-category{}", history.whole());
        let report = person.get(&path).await.is(200).json.clone();
        assert_eq!(report, json!({"items": expected}));

        let mut expected = Vec::new();
        for (sku, (units, revenue)) in products {
            let product = history
                .shop
                .store()
                .products
                .find(lines.iter().find(|(_, line)| line.sku.to_string() == sku).unwrap().1.product);
            let product = product.await.unwrap().unwrap();
            let product = json!({"id": product.id, "slug": product.slug, "name": product.name});
            expected.push(json!({"product": product, "units": units, "revenue": revenue}));
        }
        expected.sort_by_key(|item| (-item["units"].as_i64().unwrap(), -item["revenue"].as_i64().unwrap()));
        let path = format!("/v1/reports/best-sellers{}", history.whole());
        assert_eq!(person.get(&path).await.is(200).json, json!({"items": expected}));
        let best = person.get(&format!("{path}&limit=1")).await.is(200).json.clone();
        assert_eq!(best, json!({"items": expected[..1]}));

        let totals = person.get(&format!("/v1/reports/revenue{}", history.whole())).await.json["totals"].clone();
        let goods = totals["gross"].as_i64().unwrap() - totals["discount"].as_i64().unwrap();
        let by_category = report["items"].as_array().unwrap().iter().map(|item| item["revenue"].as_i64().unwrap());
        assert_eq!(by_category.sum::<i64>(), goods);
    }
}
