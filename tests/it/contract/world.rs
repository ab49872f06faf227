//! A shop in which everything exists once, so that a request that gets through would change something.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicUsize, Ordering},
};

use bson::{Document, doc};
use serde_json::{Value, json};
use shared::domain::cart::ABANDONED_AFTER;
use tests::{Person, Request, TestShop, cards, people::address};

use super::{
    findings::Findings,
    operations::{Operation, Who},
};

/// The shop, the people in it, and what there is.
pub(super) struct World {
    pub(super) shop: TestShop,
    /// A customer, whose things the paths name.
    pub(super) ada: Person,
    /// Another customer.
    pub(super) bob: Person,
    /// The seller of everything.
    pub(super) grace: Person,
    /// Another seller.
    pub(super) eve: Person,
    pub(super) root: Person,
    /// The token of a guest's cart.
    pub(super) guest: String,
    /// A product in the carts that is neither ordered nor reviewed.
    pub(super) tea: String,
    /// The line of an order that was delivered.
    pub(super) line: String,
    /// The token of the mail about the cart that Bob left.
    pub(super) resume: String,
    /// The number of Ada's order.
    order_number: String,
    /// What a parameter names that comes behind this, or the one parameter of this whole path.
    things: BTreeMap<&'static str, String>,
    keys: AtomicUsize,
}

impl World {
    pub(super) async fn build() -> Self {
        Self::build_in(TestShop::start().await).await
    }

    /// Like [`World::build`], in this shop.
    pub(super) async fn build_in(shop: TestShop) -> Self {
        let (ada, bob) = (shop.customer("ada").await, shop.customer("bob").await);
        let (grace, eve) = (shop.seller("grace").await, shop.seller("eve").await);
        let root = shop.admin("root").await;

        let category = root.post("/v1/categories", json!({"name": "Mugs"})).await.is(201).id();
        let mug = shop.product_of(&grace, "MUG-1", json!({"category": "mugs"})).await;
        let tea = shop.product_of(&grace, "TEA-1", json!({})).await;
        let resume = leave_cart(&shop, &bob, &tea).await;

        let mut home = address();
        home["type"] = json!("shipping");
        let saved = ada.post("/v1/auth/me/addresses", home).await.is(201).id();
        let delivered = ada.order(&mug, 2).await.is(201).json.clone();
        let (delivered, line) = (text(&delivered["id"]), text(&delivered["items"][0]["id"]));
        let placed = ada.order(&mug, 1).await.is(201).json.clone();
        let (order, order_number) = (text(&placed["id"]), text(&placed["orderNumber"]));
        let payment = shop.payment_of(&order).await.id.to_string();
        shop.run_queues().await;
        let goodwill = json!({"amount": 1, "reason": "A scratch."});
        let refunds = format!("/v1/payments/{payment}/refunds");
        let refunded = root.request("POST", &refunds).key("scratch").json(goodwill).send().await;
        let refund = refunded.is(202).id();
        let parcel = json!({"carrier": "DHL", "trackingNumber": "JD014600003817"});
        root.post(&format!("/v1/orders/{delivered}/ship"), parcel).await.is(200);
        root.post(&format!("/v1/orders/{delivered}/deliver"), json!({})).await.is(200);
        let back = json!({"items": [{"itemId": line, "quantity": 1}], "reason": "One is enough."});
        let returns = format!("/v1/orders/{delivered}/returns");
        let returned = ada.request("POST", &returns).key("return").json(back).send().await.is(201).id();

        let review = json!({"productId": mug, "rating": 5, "comment": "Holds tea."});
        let review = ada.post("/v1/reviews", review).await.is(201).id();
        root.post(&format!("/v1/reviews/{review}/approve"), json!({})).await.is(200);
        let coupon = json!({"code": "TEN", "type": "percentage", "value": 10});
        let coupon = root.post("/v1/coupons", coupon).await.is(201).id();
        let card = ada.post("/v1/payments/methods", json!({"token": cards::GOOD})).await.is(201).id();
        let wishlist =
            ada.post("/v1/wishlists", json!({"name": "Birthday", "isPublic": true})).await.is(201).json.clone();
        let (wishlist, share) = (text(&wishlist["id"]), text(&wishlist["shareToken"]));
        ada.put(&format!("/v1/wishlists/{wishlist}/items/{tea}"), json!({"notes": "The green one"})).await.is(200);
        let cart = ada.add_to_cart(&tea, 1).await.is(200).json.clone();
        let guest = shop.post("/v1/cart/items", json!({"productId": tea, "quantity": 1})).await.is(200).json.clone();

        let things = BTreeMap::from([
            ("/v1/auth/me/addresses/", saved),
            ("/v1/auth/users/", bob.id.to_string()),
            ("/v1/cart/items/", text(&cart["items"][0]["id"])),
            ("/v1/categories/", category),
            ("/v1/coupons/", coupon),
            ("/v1/orders/", order),
            ("/v1/orders/{id}/returns", delivered),
            ("/v1/payments/", payment),
            ("/v1/payments/methods/", card),
            ("/v1/payments/{id}/refunds/", refund),
            ("/v1/products/", mug),
            ("/v1/returns/", returned),
            ("/v1/reviews/", review),
            ("/v1/wishlists/", wishlist),
            ("/v1/wishlists/shared/", share),
            ("/v1/wishlists/{id}/items/", tea.clone()),
        ]);
        let (guest, keys) = (text(&guest["cartToken"]), AtomicUsize::new(0));
        Self { shop, ada, bob, grace, eve, root, guest, tea, line, resume, order_number, things, keys }
    }

    /// The id of what a parameter names that comes behind this.
    pub(super) fn id_of(&self, beginning: &str) -> &str {
        self.things.get(beginning).unwrap_or_else(|| panic!("put what {beginning}… names into this world"))
    }

    /// The path of an operation to what there is, with the query that it cannot do without.
    pub(super) fn path(&self, operation: &Operation) -> String {
        let (path, query) = (self.bare_path(operation), self.query_without(operation, ""));
        if query.is_empty() { path } else { format!("{path}?{query}") }
    }

    /// The path of an operation to what there is.
    pub(super) fn bare_path(&self, operation: &Operation) -> String {
        fill(operation, |beginning, _| self.id_at(operation, beginning).to_owned())
    }

    /// The paths of an operation with this in the place of one id, and with what there is in the place of the others.
    pub(super) fn paths_with(&self, operation: &Operation, id: &str) -> Vec<String> {
        let path = |spoilt: usize| {
            let id_or_other = |beginning: &str, place: usize| {
                if place == spoilt { id.to_owned() } else { self.id_at(operation, beginning).to_owned() }
            };
            fill(operation, id_or_other)
        };
        (0..operation.path.matches('{').count()).map(path).collect()
    }

    fn id_at(&self, operation: &Operation, beginning: &str) -> &str {
        self.things.get(operation.path.as_str()).map_or_else(|| self.id_of(beginning), String::as_str)
    }

    /// The query that an operation cannot do without, as far as it is not this parameter. Others can be put behind it.
    pub(super) fn query_without(&self, operation: &Operation, except: &str) -> String {
        let good = |name: &str| match name {
            "orderNumber" => &self.order_number,
            "email" => &self.ada.email,
            other => panic!("{} needs {other}: say what is good", operation.name()),
        };
        let needed = operation.required_query().into_iter().filter(|name| *name != except);
        needed.map(|name| format!("{name}={}&", good(name))).collect()
    }

    /// A request of an operation at this path, with a new `Idempotency-Key` if it needs one, by a caller who may.
    pub(super) fn allowed(&self, operation: &Operation, path: &str) -> Request {
        match operation.rule.who {
            Who::Anybody => self.without_token(operation, path),
            Who::Buyer | Who::Customer => self.by(&self.ada, operation, path),
            Who::Seller => self.by(&self.grace, operation, path),
            Who::Admin => self.by(&self.root, operation, path),
        }
    }

    /// Like [`World::allowed`], by this person.
    pub(super) fn by(&self, person: &Person, operation: &Operation, path: &str) -> Request {
        self.with_key(operation, person.request(&operation.method, path))
    }

    /// Like [`World::allowed`], without a token.
    pub(super) fn without_token(&self, operation: &Operation, path: &str) -> Request {
        self.with_key(operation, self.shop.request(&operation.method, path))
    }

    fn with_key(&self, operation: &Operation, request: Request) -> Request {
        if !operation.rule.needs_key {
            return request;
        }
        request.key(&format!("key-{}", self.keys.fetch_add(1, Ordering::Relaxed)))
    }

    /// A hash of everything that is stored, by collection. The throttles are left out.
    pub(super) async fn contents(&self) -> BTreeMap<String, String> {
        let hashes = self.shop.store().database().run_command(doc! {"dbHash": 1}).await.unwrap();
        let collections: &Document = hashes.get_document("collections").unwrap();
        let hashes = collections.iter().filter(|(name, _)| *name != "throttles");
        hashes.map(|(name, hash)| (name.clone(), hash.as_str().unwrap().to_owned())).collect()
    }

    /// Notes what changed since `before`.
    pub(super) async fn expect_unchanged(
        &self,
        before: &BTreeMap<String, String>,
        what: &str,
        findings: &mut Findings,
    ) {
        let after = self.contents().await;
        let changed: Vec<&String> = after.keys().filter(|name| after.get(*name) != before.get(*name)).collect();
        findings.expect(changed.is_empty(), || format!("{what}: it was refused, but wrote to {changed:?}"));
    }
}

/// The path of an operation with this in the place of every id.
pub(super) fn path_to(operation: &Operation, id: &str) -> String {
    fill(operation, |_, _| id.to_owned())
}

/// The path of an operation with its parameters filled in: each by what comes before it in the description, and by its number.
fn fill(operation: &Operation, value: impl Fn(&str, usize) -> String) -> String {
    let mut filled = String::new();
    let mut rest = operation.path.as_str();
    for place in 0.. {
        let Some((before, behind)) = rest.split_once('{') else { break };
        let beginning = &operation.path[..operation.path.len() - behind.len() - 1];
        filled += before;
        filled += &value(beginning, place);
        rest = behind.split_once('}').unwrap().1;
    }
    filled + rest
}

/// Abandons a cart until the reminder is sent; answers the token of the mail.
async fn leave_cart(shop: &TestShop, person: &Person, product: &str) -> String {
    person.add_to_cart(product, 1).await.is(200);
    shop.clock.advance(ABANDONED_AFTER);
    shop.run_maintenance().await;
    shop.run_queues().await;
    let mails = shop.mails_to(&person.email).await;
    let (_, link) = mails[0].1.split_once("/cart/resume?token=").unwrap();
    link.split_whitespace().next().unwrap().to_owned()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}
