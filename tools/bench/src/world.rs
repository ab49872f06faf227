//! The measured shop: a catalogue on its own database.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{Request, StatusCode},
};
use bson::{Document, doc};
use checkout::{CheckoutApp, PaymentWindow};
use http_body_util::BodyExt;
use mongodb::{Client, Collection};
use serde::Serialize;
use shared::{
    app::save_product::{NewProduct, PriceChange, ProductChanges, draft_of},
    config::Secret,
    domain::{
        Clock, Id, Money, Random, Sku,
        inventory::StockRecord,
        message::Queue,
        product::{Dimensions, Image, Product, StockPolicy},
        shipping::ShippingTable,
        tax::TaxTable,
    },
    gateway::Stripe,
    http::{
        App, BackgroundTasks,
        cors::CorsOrigins,
        serve,
        token::{AccessTokens, SigningKey},
    },
    queue::Publisher,
    store::{PoolSize, Store, Versioned, WithSchema, migrations},
};
use tower::ServiceExt;

/// The number of products; each has one SKU.
pub(crate) const PRODUCTS: usize = 100;

/// More units than are ever sold of a product.
const STOCK: i64 = 1_000_000;

/// More connections than the concurrent buyers need, so that no request waits for one.
pub(crate) const CROWD: PoolSize = PoolSize(400);

/// The time limit of a request.
const DEADLINE: Duration = Duration::from_secs(25);

/// The shop, with access to its parts.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) app: App,
    pub(crate) signing: Arc<SigningKey>,
    pub(crate) products: Arc<Vec<Product>>,
    router: Router,
    pub(crate) place: Place,
}

/// The addresses of the servers.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) mongodb: String,
    pub(crate) sqs: SocketAddr,
}

impl World {
    /// A shop without orders.
    pub(crate) async fn open(place: &Place, database: &str, pool: PoolSize) -> Self {
        let store = Store::connect(&place.mongodb, database, "bench", pool).await.unwrap();
        store.database().drop().await.unwrap();
        Self::open_on(store, place).await
    }

    /// A shop with a catalogue on a database without one, with the checkout function as Lambda runs it.
    pub(crate) async fn open_on(store: Store, place: &Place) -> Self {
        migrations::migrate(&store, &Clock::system(), |_| ()).await.unwrap();
        let signing = Arc::new(SigningKey::from_pem(&SigningKey::generate().unwrap()).unwrap());
        let app = app(store, place, &signing);
        let products = Arc::new(catalogue(&app).await);
        Self { router: router(&app), place: place.clone(), signing, app, products }
    }

    /// This number of further processes of the same shop: each has its own connections, as a Lambda has.
    pub(crate) async fn processes(&self, count: usize) -> Vec<Self> {
        let mut processes = Vec::with_capacity(count);
        for _ in 0..count {
            let name = self.store().database().name();
            let store = Store::connect(&self.place.mongodb, name, "bench", PoolSize::LAMBDA).await.unwrap();
            store.ping().await.unwrap();
            let app = app(store, &self.place, &self.signing);
            processes.push(Self { router: router(&app), app, ..self.clone() });
        }
        processes
    }

    /// Drops the database.
    pub(crate) async fn drop(&self) {
        self.store().database().drop().await.unwrap();
    }

    pub(crate) fn store(&self) -> &Store {
        &self.app.store
    }

    pub(crate) fn client(&self) -> &Client {
        self.store().database().client()
    }

    pub(crate) fn raw(&self, collection: &str) -> Collection<Document> {
        self.store().database().collection(collection)
    }

    /// The shop's answer to a request.
    pub(crate) async fn ask(&self, request: Request<Body>) -> (StatusCode, Bytes) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        (status, response.into_body().collect().await.unwrap().to_bytes())
    }

    /// `GET` with this access token.
    pub(crate) async fn get(&self, path: &str, token: &str) -> Bytes {
        let request = Request::get(path).header("authorization", format!("Bearer {token}"));
        let (status, body) = self.ask(request.body(Body::empty()).unwrap()).await;
        assert_eq!(status, StatusCode::OK, "{path}: {}", String::from_utf8_lossy(&body));
        body
    }

    /// The `serverStatus` of the database.
    pub(crate) async fn server_status(&self) -> Document {
        self.client().database("admin").run_command(doc! {"serverStatus": 1}).await.unwrap()
    }

    /// The reserved units of a product.
    pub(crate) async fn reserved(&self, product: &Product) -> i64 {
        self.store().inventory.find(&product.sku).await.unwrap().unwrap().reserved
    }
}

fn app(store: Store, place: &Place, signing: &SigningKey) -> App {
    let clock = Clock::system();
    let urls = Queue::ALL.into_iter().map(|queue| (queue, format!("http://sqs/{}", queue.as_str()))).collect();
    App {
        publisher: Publisher::new(sqs_stub::client(place.sqs), urls, store.clone(), clock.clone()),
        tokens: AccessTokens::trusting(&signing.jwks()).unwrap(),
        random: Random::from_os(),
        background: BackgroundTasks::after_the_answer(),
        cors: CorsOrigins::none(),
        store,
        clock,
    }
}

fn router(app: &App) -> Router {
    let payment_window =
        PaymentWindow { charge: Duration::from_secs(30 * 60), transfer: Duration::from_secs(7 * 24 * 3600) };
    // Not called: no payment of the bench waits for its customer.
    let gateway = Arc::new(Stripe::try_new("http://127.0.0.1:9", Secret::new("sk_test_bench")).unwrap());
    let routes = checkout::router().with_state(CheckoutApp { app: app.clone(), payment_window, gateway });
    serve::finish(routes, app, DEADLINE)
}

async fn catalogue(app: &App) -> Vec<Product> {
    let now = app.clock.now();
    let (seller, mut products, mut stock) = (Id::new(), Vec::new(), Vec::new());
    for number in 0..PRODUCTS {
        let mut product = draft_of(product(number), seller, now).unwrap();
        let _ = product.publish(now);
        stock.push(StockRecord::new(product.sku.clone(), product.id, STOCK, StockPolicy::default(), now));
        products.push(product);
    }
    let database = app.store.database();
    database.collection("products").insert_many(products.iter().map(Versioned::first)).await.unwrap();
    database.collection("inventory").insert_many(stock.iter().map(WithSchema::of)).await.unwrap();
    app.store.settings.set_tax(&TaxTable::default(), now).await.unwrap();
    app.store.settings.set_shipping(&ShippingTable::default(), now).await.unwrap();
    products
}

fn product(number: usize) -> NewProduct {
    let text = |text: &str| text.to_owned();
    let image =
        Image { url: text("https://images.example.test/harbour-mug.webp"), alt: String::new(), is_primary: true };
    let specifications = [("Volume", "350 ml"), ("Material", "Stoneware"), ("Colour", "Blue")];
    NewProduct {
        sku: Sku::try_new(format!("MUG-{number}")).unwrap(),
        quantity: None,
        status: None,
        changes: ProductChanges {
            name: Some(format!("Harbour mug {number}")),
            description: Some(
                "A round mug of stoneware, glazed by hand, for three decilitres of something hot. ".repeat(4),
            ),
            brand: Some(Some(text("Ada"))),
            price: Some(PriceChange { regular: Some(Money::from_minor(1250)), ..PriceChange::default() }),
            images: Some(vec![image]),
            specifications: Some(specifications.into_iter().map(|(name, value)| (text(name), text(value))).collect()),
            dimensions: Some(Some(Dimensions { weight: 0.35, length: 9.0, width: 9.0, height: 10.0 })),
            tags: Some(["mug", "kitchen", "gift"].map(text).into()),
            ..ProductChanges::default()
        },
    }
}

/// A document as the driver writes it.
pub(crate) fn written(document: &impl Serialize) -> Document {
    bson::deserialize_from_slice(&bson::serialize_to_vec(document).unwrap()).unwrap()
}
