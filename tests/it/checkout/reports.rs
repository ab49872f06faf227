//! Reports say what the orders say, to the cent.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};
use shared::{
    domain::{
        Id, Money, Timestamp,
        order::{Order, OrderItem, OrderStatus, ReturnStatus},
        payment::RefundStatus,
        user::User,
    },
    store::orders::OrderFilter,
};
use tests::{Person, TestShop};

use super::{by_transfer, coupon, deliver};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// A shop with two sellers, three days of orders, and everything that can happen to them.
struct History {
    shop: TestShop,
    admin: Person,
    grace: Person,
    eve: Person,
    kitchen: String,
    garden: String,
}

impl History {
    async fn build() -> Self {
        let shop = TestShop::start().await;
        let admin = shop.admin("root").await;
        let (grace, eve) = (shop.seller("grace").await, shop.seller("eve").await);
        let kitchen = admin.post("/v1/categories", json!({"name": "Kitchen"})).await.is(201).id();
        let garden = json!({"name": "Garden", "parent": "kitchen"});
        let garden = admin.post("/v1/categories", garden).await.is(201).id();
        let priced = |regular: i64, category: Value| json!({"price": {"regular": regular}, "category": category});
        let mug = shop.product_of(&grace, "MUG-1", priced(999, json!(kitchen))).await;
        let spade = shop.product_of(&eve, "SPADE-1", priced(1733, json!(garden))).await;
        let loose = shop.product_of(&grace, "LOOSE-1", priced(350, Value::Null)).await;
        coupon(&admin, "SPRING", json!({"value": 12.5})).await;
        let history = Self { shop, admin, grace, eve, kitchen, garden };

        history.tax(false, 725).await;
        let first = history.buy("ada", &[(&mug, 3), (&spade, 1)], Some("SPRING"), true).await;
        let cancelled = history.buy("bob", &[(&spade, 2), (&loose, 1)], None, true).await;
        history.buy("unpaid", &[(&mug, 1)], Some("SPRING"), false).await;
        history.shop.clock.advance(Duration::from_secs(31 * 60));
        history.shop.run_maintenance().await;
        history.refund(&first, 123).await;
        let (admin, cancel) = (&history.admin, format!("/v1/orders/{cancelled}/cancel"));
        admin.request("POST", &cancel).key("cancel").json(json!({})).send().await.is(200);
        history.shop.run_queues().await;

        history.shop.clock.advance(DAY);
        history.tax(true, 1900).await;
        let second = history.buy("carol", &[(&loose, 5), (&mug, 1), (&spade, 1)], Some("SPRING"), true).await;
        deliver(&history.shop, &second).await;
        history.send_back(&second, &[(0, 2), (2, 1)]).await;
        history.shop.clock.advance(DAY);
        history.buy("dave", &[(&loose, 1)], None, true).await;
        history.buy("pending", &[(&loose, 7)], None, false).await;
        history
    }

    async fn tax(&self, inclusive: bool, rate_bp: i64) {
        let row = json!({"country": "US", "rateBp": rate_bp, "taxShipping": true});
        let table = json!({"pricesIncludeTax": inclusive, "rows": [row]});
        self.admin.put("/v1/settings/tax", table).await.is(200);
    }

    async fn buy(&self, name: &str, lines: &[(&String, i64)], code: Option<&str>, pays: bool) -> String {
        let customer = self.shop.customer(name).await;
        for (product, quantity) in lines {
            customer.add_to_cart(product, *quantity).await.is(200);
        }
        if let Some(code) = code {
            customer.put("/v1/cart/coupon", json!({"code": code})).await.is(200);
        }
        let placed = match pays {
            true => customer.checkout("buy").await,
            false => customer.checkout_with("buy", by_transfer()).await,
        };
        self.shop.run_queues().await;
        placed.is(201).id()
    }

    async fn refund(&self, order: &str, amount: i64) {
        let path = format!("/v1/payments/{}/refunds", self.shop.payment_of(order).await.id);
        let body = json!({"amount": amount, "reason": "goodwill"});
        self.admin.request("POST", &path).key("goodwill").json(body).send().await.is(202);
        self.shop.run_queues().await;
    }

    async fn send_back(&self, order: &str, lines: &[(usize, i64)]) {
        let items = self.shop.find_order(order).await.items;
        let lines = lines.iter().map(|(index, quantity)| json!({"itemId": items[*index].id, "quantity": quantity}));
        let body = json!({"items": lines.collect::<Vec<_>>(), "reason": "too many"});
        let asked = self.admin.request("POST", &format!("/v1/orders/{order}/returns")).key("back").json(body);
        let returned = asked.send().await.is(201).id();
        for verb in ["approve", "receive"] {
            self.admin.request("POST", &format!("/v1/returns/{returned}/{verb}")).send().await.is(200);
        }
        self.shop.run_queues().await;
    }

    /// The orders that were paid.
    async fn sales(&self) -> Vec<Order> {
        let mut orders = self.shop.store().orders.list(&OrderFilter::default(), None, 1000).await.unwrap();
        orders.retain(|order| order.timeline.iter().any(|entry| entry.status == OrderStatus::Confirmed));
        orders
    }

    /// The lines of the orders that were paid, of everybody or of one seller.
    async fn lines(&self, seller: Option<Id<User>>) -> Vec<(Order, OrderItem)> {
        let sales = self.sales().await;
        let lines = sales.iter().flat_map(|order| order.items.iter().map(|line| (order.clone(), line.clone())));
        lines.filter(|(_, line)| seller.is_none_or(|seller| line.seller == seller)).collect()
    }

    /// From the first day to the last.
    fn whole(&self) -> String {
        let now = self.shop.clock.now();
        format!("?from={}&to={}", date(now.minus(DAY * 10)), date(now.plus(DAY)))
    }
}

fn date(time: Timestamp) -> String {
    time.to_string()[..10].to_owned()
}

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
async fn the_revenue_is_what_the_orders_came_to() {
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
}

fn next(day: &str) -> String {
    let midnight: Timestamp = serde_json::from_value(json!(format!("{day}T00:00:00Z"))).unwrap();
    date(midnight.plus(DAY))
}

#[tokio::test]
async fn a_sellers_revenue_is_what_the_own_lines_came_to() {
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

#[tokio::test]
async fn what_runs_out_is_reported_scarcest_first() {
    let shop = TestShop::start().await;
    let (admin, grace, eve) = (shop.admin("root").await, shop.seller("grace").await, shop.seller("eve").await);
    let stock = |quantity: i64| json!({"inventory": {"quantity": quantity, "lowStockThreshold": 5}});
    let gone = shop.product_of(&grace, "GONE", stock(0)).await;
    let low = shop.product_of(&grace, "LOW", stock(5)).await;
    shop.product_of(&grace, "PLENTY", stock(6)).await;
    let shirt = json!({
        "inventory": {"lowStockThreshold": 5},
        "options": [{"name": "Size", "values": ["S", "M"]}],
        "variants": [
            {"sku": "TEE-S", "choices": {"Size": "S"}, "quantity": 3},
            {"sku": "TEE-M", "choices": {"Size": "M"}, "quantity": 50},
        ],
    });
    let tee = shop.product_of(&eve, "TEE", shirt).await;
    let archived = shop.product_of(&eve, "OLD", stock(1)).await;
    eve.post(&format!("/v1/products/{archived}/archive"), json!({})).await.is(200);
    let draft = json!({"name": "Draft", "sku": "DRAFT", "description": "Not yet.", "price": {"regular": 1}});
    grace.post("/v1/products", draft).await.is(201);

    let row = |id: &str, sku: &str, of: &str, available: i64| {
        let product =
            json!({"id": id, "slug": format!("product-{}", of.to_lowercase()), "name": format!("Product {of}")});
        json!({"product": product, "sku": sku, "available": available, "threshold": 5})
    };
    let (gone, low, tee) = (row(&gone, "GONE", "GONE", 0), row(&low, "LOW", "LOW", 5), row(&tee, "TEE-S", "TEE", 3));
    let path = "/v1/reports/low-stock";
    assert_eq!(admin.get(path).await.is(200).json, json!({"items": [gone, tee, low]}));
    assert_eq!(admin.get(&format!("{path}?limit=2")).await.is(200).json, json!({"items": [gone, tee]}));
    assert_eq!(grace.get(path).await.is(200).json, json!({"items": [gone, low]}));
    assert_eq!(eve.get(path).await.is(200).json, json!({"items": [tee]}));
}

#[tokio::test]
async fn reports_are_for_those_who_sell() {
    let shop = TestShop::start().await;
    let ada = shop.customer("ada").await;
    for path in ["sales-by-category", "best-sellers", "low-stock", "revenue"] {
        let path = format!("/v1/reports/{path}");
        shop.get(&path).await.is_problem(401, "not_authenticated");
        ada.get(&path).await.is_problem(403, "forbidden");
        for seller in [shop.seller("grace").await, shop.admin("root").await] {
            assert_eq!(seller.get(&path).await.is(200).json["items"], json!([]));
        }
    }
}

#[tokio::test]
async fn a_period_that_is_none_is_pointed_at() {
    let shop = TestShop::start().await;
    let admin = shop.admin("root").await;
    for report in ["sales-by-category", "best-sellers", "revenue"] {
        for (query, pointer) in [
            ("from=2026-02-30", "/from"),
            ("to=yesterday", "/to"),
            ("from=2026-01-01T00:00:00Z", "/from"),
            ("from=2026-01-02&to=2026-01-02", "/to"),
            ("from=2026-01-02&to=2026-01-01", "/to"),
            ("from=9000-01-01", "/to"),
            ("currency=usd", "/currency"),
        ] {
            let refused = admin.get(&format!("/v1/reports/{report}?{query}")).await;
            let problem = &refused.is_problem(422, "invalid_query").json;
            assert_eq!(problem["errors"][0]["pointer"], pointer, "{report}?{query}: {problem}");
        }
    }
    for (report, most) in [("best-sellers", 100), ("low-stock", 1000)] {
        for limit in ["0", "-1", "x", &(most + 1).to_string()] {
            let refused = admin.get(&format!("/v1/reports/{report}?limit={limit}")).await;
            assert_eq!(refused.is_problem(422, "invalid_query").json["errors"][0]["pointer"], "/limit", "{limit}");
        }
    }
}
