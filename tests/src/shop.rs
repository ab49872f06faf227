//! The shop of a test.

use std::{ops::Deref, sync::Arc, time::Duration};

use axum::Router;
use checkout::PaymentWindow;
use futures::TryStreamExt;
use local::{components::sqs, poller::Poller, shop::Shop};
use notifications::Mailer;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use shared::{
    config::Secret,
    domain::{
        Clock, Currency, Email, Id, Random, Sku,
        currencies::ShopCurrencies,
        inventory::StockRecord,
        message::Queue,
        order::Order,
        payment::Payment,
        product::Product,
        sealing::KeyRing,
        shipping::ShippingRate,
        user::{PasswordHash, Role, User},
    },
    gateway::{PaymentGateway, Stripe},
    http::{BackgroundTasks, cors::CorsOrigins, token::SigningKey},
    password::Passwords,
    queue::Publisher,
    store::{Store, Versioned},
};

use crate::{
    gateway::FaultyGateway,
    people::Person,
    place::Place,
    request::{Reply, Request},
    watch,
};

/// A well-formed hash of no known password, so that a login is refused as usual.
const UNKNOWN_PASSWORD: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$bm9ib2R5LWtub3dzLXRoaXMtcGFzc3dvcmQtYXQtYWw";

/// The secret that signs the tests' webhooks.
pub const WEBHOOK_SECRET: &str = "whsec_tests";

/// A shop with its own database and queues, and a clock that can be moved.
pub struct TestShop {
    /// The shop that `cargo xtask up` serves.
    pub shop: Shop,
    /// Its database and queues.
    pub place: Place,
    router: Router,
}

impl Deref for TestShop {
    type Target = Shop;

    fn deref(&self) -> &Shop {
        &self.shop
    }
}

impl Drop for TestShop {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            watch::assert_no_faults();
        }
    }
}

impl TestShop {
    /// An empty shop.
    pub async fn start() -> Self {
        Self::start_with(|stripe| stripe).await
    }

    /// An empty shop whose gateway wraps the real one.
    pub async fn start_with(gateway: impl FnOnce(Arc<dyn PaymentGateway>) -> Arc<dyn PaymentGateway>) -> Self {
        Self::start_at(Place::take().await, gateway)
    }

    /// An empty shop whose gateway can be made to fail, and that gateway.
    pub async fn start_faulty() -> (Self, Arc<FaultyGateway>) {
        let mut faulty = None;
        let shop = Self::start_with(|real| {
            let gateway = FaultyGateway::around(real);
            faulty = Some(Arc::clone(&gateway));
            gateway
        })
        .await;
        (shop, faulty.unwrap())
    }

    /// A shop in this place.
    pub fn start_at(place: Place, gateway: impl FnOnce(Arc<dyn PaymentGateway>) -> Arc<dyn PaymentGateway>) -> Self {
        let clock = Clock::shiftable();
        let random = Random::from_os();
        let client = sqs::client(&place.components.sqs_endpoint);
        let stripe = Stripe::try_new(&place.components.stripe_api, Secret::new("sk_test_local_shop")).unwrap();
        let shop = Shop {
            publisher: Publisher::new(client, place.queue_urls(), place.store.clone(), clock.clone()),
            store: place.store.clone(),
            signing: SigningKey::from_pem(&SigningKey::generate().unwrap()).unwrap(),
            passwords: Passwords::for_this_machine(random.clone()),
            gateway: gateway(Arc::new(stripe)),
            webhook_secret: Secret::new(WEBHOOK_SECRET),
            keys: KeyRing::try_new([("test", [7; 32])]).unwrap(),
            mailer: Mailer::try_new(&Secret::new(place.components.smtp_url.clone()), "Shop <shop@example.test>")
                .unwrap(),
            shop_url: "http://shop.example.test".to_owned(),
            payment_window: PaymentWindow {
                charge: Duration::from_secs(30 * 60),
                transfer: Duration::from_secs(7 * 24 * 3600),
            },
            background: BackgroundTasks::before_the_answer(),
            cors: CorsOrigins::none(),
            deadline: Duration::from_secs(25),
            clock,
            random,
        };
        Self { router: shop.router(), shop, place }
    }

    /// Replaces parts of the shop. A [`Person`] that exists already keeps using the old ones.
    pub fn reopen(&mut self, change: impl FnOnce(&mut Shop)) {
        change(&mut self.shop);
        self.router = self.shop.router();
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.shop.store
    }

    /// Every function's endpoints.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// A request without a token; see [`Request`].
    pub fn request(&self, method: &str, path: &str) -> Request {
        Request::new(self.router(), method, path)
    }

    /// `GET` without a token.
    pub async fn get(&self, path: &str) -> Reply {
        self.request("GET", path).send().await
    }

    /// `POST` without a token.
    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.request("POST", path).json(body).send().await
    }

    /// A user with an account and a valid access token, but no known password: see the auth suite for logins.
    pub async fn person(&self, name: &str, role: Role) -> Person {
        // All tests share one mailbox.
        let email = format!("{name}.{}@example.test", self.random.readable(8).to_lowercase());
        let user = self.account(Email::try_new(&email).unwrap(), &capitalised(name), role);
        self.store().users.insert(&user).await.unwrap();
        Person::new(self, &user)
    }

    pub(crate) fn account(&self, email: Email, name: &str, role: Role) -> User {
        let unknown_password = PasswordHash::from_phc(UNKNOWN_PASSWORD.to_owned());
        let mut user = User::new(email, unknown_password, name.to_owned(), "Test".to_owned(), role, self.clock.now());
        user.is_email_verified = true;
        user
    }

    /// The user of this account.
    pub async fn person_with(&self, id: Id<User>) -> Person {
        Person::new(self, &self.store().users.find(id).await.unwrap().unwrap())
    }

    /// A customer.
    pub async fn customer(&self, name: &str) -> Person {
        self.person(name, Role::Customer).await
    }

    /// A seller.
    pub async fn seller(&self, name: &str) -> Person {
        self.person(name, Role::Seller).await
    }

    /// An administrator.
    pub async fn admin(&self, name: &str) -> Person {
        self.person(name, Role::Admin).await
    }

    /// A published product at 10.00 USD of a new seller, with this SKU and stock. Answers its id.
    pub async fn stock(&self, sku: &str, quantity: i64) -> String {
        self.product(sku, json!({"inventory": {"quantity": quantity}})).await
    }

    /// A published product with these fields beside the usual ones. Answers its id.
    pub async fn product(&self, sku: &str, fields: Value) -> String {
        let seller = self.seller(&format!("seller-of-{}", sku.to_lowercase())).await;
        self.product_of(&seller, sku, fields).await
    }

    /// A published product of this seller. Answers its id.
    pub async fn product_of(&self, seller: &Person, sku: &str, fields: Value) -> String {
        let mut body = json!({
            "name": format!("Product {sku}"),
            "description": "A thing that is sold in tests.",
            "sku": sku,
            "price": {"regular": 1000, "currency": "USD"},
            "inventory": {"quantity": 100},
        });
        for (name, value) in fields.as_object().unwrap() {
            body[name] = value.clone();
        }
        if let Some(currency) = body["price"]["currency"].as_str() {
            self.sell_in(currency).await;
        }
        let created = seller.post("/v1/products", body).await;
        created.is(201);
        let id = created.json["id"].as_str().unwrap().to_owned();
        seller.post(&format!("/v1/products/{id}/publish"), json!({})).await.is(200);
        id
    }

    /// Adds a currency to those that the shop sells in, and ships in it for the same numbers of minor units as in US dollars.
    pub async fn sell_in(&self, code: &str) {
        let (settings, now) = (&self.store().settings, self.clock.now());
        let currency = Currency::try_from(code.to_owned()).unwrap();
        let known = settings.currencies().await.unwrap();
        if known.contains(currency) {
            return;
        }
        let all = ShopCurrencies::try_new([known.all(), &[currency]].concat()).unwrap();
        settings.set_currencies(&all, now).await.unwrap();
        let mut shipping = settings.shipping().await.unwrap();
        for zone in &mut shipping.zones {
            let rates = zone.methods.iter().filter(|rate| rate.currency == Currency::USD);
            let rates: Vec<ShippingRate> = rates.map(|rate| ShippingRate { currency, ..rate.clone() }).collect();
            zone.methods.extend(rates);
        }
        settings.set_shipping(&shipping, now).await.unwrap();
    }

    /// The stock record of a SKU.
    pub async fn stock_of(&self, sku: &str) -> StockRecord {
        self.store().inventory.find(&Sku::try_new(sku).unwrap()).await.unwrap().unwrap()
    }

    /// A stored product.
    pub async fn find_product(&self, id: &str) -> Versioned<Product> {
        self.store().products.find(id.parse().unwrap()).await.unwrap().unwrap()
    }

    /// A stored order.
    pub async fn find_order(&self, id: &str) -> Versioned<Order> {
        self.store().orders.find(id.parse().unwrap()).await.unwrap().unwrap()
    }

    /// The stored payment of an order.
    pub async fn payment_of(&self, order: &str) -> Versioned<Payment> {
        let order: Id<Order> = order.parse().unwrap();
        self.store().payments.find_of_order(order).await.unwrap().unwrap()
    }

    /// Every document of a collection.
    pub async fn all<T: DeserializeOwned + Send + Sync>(&self, collection: &str) -> Vec<T> {
        let collection = self.store().database().collection::<T>(collection);
        collection.find(bson::doc! {}).await.unwrap().try_collect().await.unwrap()
    }

    /// The number of documents in a collection.
    pub async fn count(&self, collection: &str) -> u64 {
        let collection = self.store().database().collection::<bson::Document>(collection);
        collection.count_documents(bson::doc! {}).await.unwrap()
    }

    /// Polls a queue for its function, as Lambda does.
    pub fn poller(&self, queue: Queue) -> Poller {
        Poller {
            client: sqs::client(&self.place.components.sqs_endpoint),
            url: self.place.queues[queue.as_str()].clone(),
            consumer: self.consumer(queue),
        }
    }

    /// Polls until every queue is empty. Failed messages stay invisible meanwhile.
    pub async fn run_queues(&self) {
        loop {
            let mut received = 0;
            for queue in Queue::ALL {
                received += self.poller(queue).poll(0).await.unwrap();
            }
            if received == 0 {
                return;
            }
        }
    }

    /// Runs maintenance once.
    pub async fn run_maintenance(&self) -> maintenance::Report {
        Box::pin(maintenance::run(&self.maintenance())).await.unwrap()
    }

    /// Fails the test unless `ops verify` finds no violation.
    #[track_caller]
    pub fn verify(&self) -> impl Future<Output = ()> {
        let caller = std::panic::Location::caller();
        async move {
            let report = ops::verify::verify_with_progress(self.store(), self.clock.now(), Some(&self.keys), |_| ());
            let report = report.await.unwrap();
            assert!(report.is_clean(), "at {caller}:\n{report}");
        }
    }

    /// The mails to an address, oldest first: subject and text.
    pub async fn mails_to(&self, email: &str) -> Vec<(String, String)> {
        let url = format!("{}/messages?to={email}", self.place.components.mailbox_url);
        let mails: Vec<Value> = reqwest::get(url).await.unwrap().json().await.unwrap();
        let text = |mail: &Value, field: &str| mail[field].as_str().unwrap().to_owned();
        mails.iter().map(|mail| (text(mail, "subject"), text(mail, "text"))).collect()
    }
}

fn capitalised(name: &str) -> String {
    let (first, rest) = name.split_at(1);
    format!("{}{rest}", first.to_uppercase())
}
