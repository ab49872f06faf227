//! A shop in which everything exists once, so that a request that gets through would change something.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicUsize, Ordering},
};

use bson::{Document, doc};
use serde_json::json;
use tests::{Person, Request, TestShop, people::address};

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
    /// What paths that begin like this name.
    things: Vec<(&'static str, String)>,
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
        let mut home = address();
        home["type"] = json!("shipping");
        let saved = ada.post("/v1/auth/me/addresses", home).await.is(201).id();
        let order = ada.order(&mug, 1).await.is(201).id();
        let payment = shop.payment_of(&order).await.id.to_string();
        shop.run_queues().await;
        let review = json!({"productId": mug, "rating": 5, "comment": "Holds tea."});
        let review = ada.post("/v1/reviews", review).await.is(201).id();
        root.post(&format!("/v1/reviews/{review}/approve"), json!({})).await.is(200);
        let cart = ada.add_to_cart(&tea, 1).await;
        let item = cart.is(200).json["items"][0]["id"].as_str().unwrap().to_owned();
        let guest = shop.post("/v1/cart/items", json!({"productId": tea, "quantity": 1})).await;
        let guest = guest.is(200).json["cartToken"].as_str().unwrap().to_owned();

        let things = vec![
            ("/v1/auth/me/addresses/", saved),
            ("/v1/auth/users/", bob.id.to_string()),
            ("/v1/cart/items/", item),
            ("/v1/categories/", category),
            ("/v1/orders/", order),
            ("/v1/payments/", payment),
            ("/v1/products/", mug),
            ("/v1/reviews/", review),
        ];
        Self { shop, ada, bob, grace, eve, root, guest, tea, things, keys: AtomicUsize::new(0) }
    }

    /// The id of what paths that begin like this name.
    pub(super) fn id_of(&self, path: &str) -> &str {
        let thing = self.things.iter().find(|(beginning, _)| path.starts_with(beginning));
        &thing.unwrap_or_else(|| panic!("put something that {path} names into this world")).1
    }

    /// The path of an operation to what there is.
    pub(super) fn path(&self, operation: &Operation) -> String {
        if operation.has_id() { path_to(operation, self.id_of(&operation.path)) } else { operation.path.clone() }
    }

    /// A request of an operation at this path, with a new `Idempotency-Key` if it needs one, by whoever may call it.
    pub(super) fn allowed(&self, operation: &Operation, path: &str) -> Request {
        match operation.rule.who {
            Who::Anybody => self.by_nobody(operation, path),
            Who::Buyer | Who::Customer => self.by(&self.ada, operation, path),
            Who::Seller => self.by(&self.grace, operation, path),
            Who::Admin => self.by(&self.root, operation, path),
        }
    }

    /// Like [`World::allowed`], by somebody.
    pub(super) fn by(&self, person: &Person, operation: &Operation, path: &str) -> Request {
        self.with_key(operation, person.request(&operation.method, path))
    }

    /// Like [`World::allowed`], by nobody.
    pub(super) fn by_nobody(&self, operation: &Operation, path: &str) -> Request {
        self.with_key(operation, self.shop.request(&operation.method, path))
    }

    fn with_key(&self, operation: &Operation, request: Request) -> Request {
        if !operation.rule.needs_key {
            return request;
        }
        request.key(&format!("key-{}", self.keys.fetch_add(1, Ordering::Relaxed)))
    }

    /// A hash of everything that is stored, by collection. Who tried how often is not counted.
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

/// The path of an operation to something with this id.
pub(super) fn path_to(operation: &Operation, id: &str) -> String {
    let (before, rest) = operation.path.split_once('{').unwrap();
    let (_, after) = rest.split_once('}').unwrap();
    assert!(!after.contains('{'), "{} names two things: teach this test", operation.path);
    format!("{before}{id}{after}")
}
