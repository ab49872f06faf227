//! Reports say what the orders say, to the cent: here is a history to report, and who may ask.

mod low_stock;
mod revenue;
mod sales;

use std::time::Duration;

use serde_json::{Value, json};
use shared::{
    domain::{
        Id, Timestamp,
        order::{Order, OrderItem, OrderStatus},
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
        let items = self.shop.find_order(order).await.into_inner().items;
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

#[tokio::test]
async fn reports_are_for_sellers_and_administrators() {
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
async fn an_invalid_period_is_pointed_at() {
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
