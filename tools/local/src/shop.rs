//! The shop in one process: the routers and consumers of every function on one database. The local server and the tests
//! use it.

use std::{sync::Arc, time::Duration};

use auth::AuthApp;
use axum::Router;
use checkout::{CheckoutApp, PaymentWindow};
use notifications::{Mailer, Notifications};
use order_fulfillment::OrderFulfillment;
use payment_processing::PaymentProcessing;
use payments::PaymentsApp;
use shared::{
    config::Secret,
    domain::{Clock, Random, message::Queue, sealing::KeyRing},
    gateway::PaymentGateway,
    http::{App, BackgroundTasks, cors::CorsOrigins, health, openapi, serve, token::AccessTokens, token::SigningKey},
    password::Passwords,
    queue::{Consumer, Publisher, Worker},
    store::Store,
};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

/// The state of all functions of a shop.
#[derive(Clone)]
pub struct Shop {
    /// The database.
    pub store: Store,
    /// The clock.
    pub clock: Clock,
    /// The source of random values.
    pub random: Random,
    /// Dispatches messages.
    pub publisher: Publisher,
    /// Signs access tokens; the shop trusts its public key.
    pub signing: SigningKey,
    /// Hashes passwords.
    pub passwords: Passwords,
    /// The payment gateway.
    pub gateway: Arc<dyn PaymentGateway>,
    /// The secret of the gateway's webhook signatures.
    pub webhook_secret: Secret,
    /// Seals and opens fields.
    pub keys: KeyRing,
    /// The SMTP client.
    pub mailer: Mailer,
    /// The base URL of the shop's pages.
    pub shop_url: String,
    /// How long an order may stay unpaid before it expires.
    pub payment_window: PaymentWindow,
    /// Runs tasks after the response.
    pub background: BackgroundTasks,
    /// The allowed origins.
    pub cors: CorsOrigins,
    /// The time limit of a request.
    pub deadline: Duration,
}

impl Shop {
    /// The state of a function with endpoints that sends to these queues.
    fn app(&self, sends_to: &[Queue]) -> App {
        App {
            store: self.store.clone(),
            clock: self.clock.clone(),
            random: self.random.clone(),
            tokens: AccessTokens::trusting(&self.signing.jwks()).unwrap_or_else(|_| AccessTokens::none()),
            publisher: self.publisher.limited_to(sends_to),
            background: self.background.clone(),
            cors: self.cors.clone(),
        }
    }

    /// The endpoints of every function.
    pub fn router(&self) -> Router {
        let auth = AuthApp::new(self.app(auth::SENDS_TO), self.signing.clone(), self.passwords.clone());
        let checkout = CheckoutApp {
            app: self.app(checkout::SENDS_TO),
            payment_window: self.payment_window,
            gateway: Arc::clone(&self.gateway),
        };
        let payments = PaymentsApp {
            app: self.app(payments::SENDS_TO),
            gateway: Arc::clone(&self.gateway),
            webhook_secret: self.webhook_secret.clone(),
            payment_window: self.payment_window,
            keys: self.keys.clone(),
        };
        let routes = OpenApiRouter::new()
            .merge(auth::router().with_state(auth))
            .merge(products::router().with_state(self.app(products::SENDS_TO)))
            .merge(cart::router().with_state(self.app(cart::SENDS_TO)))
            .merge(checkout::router().with_state(checkout))
            .merge(payments::router().with_state(payments))
            .merge(reviews::router().with_state(self.app(reviews::SENDS_TO)));
        serve::finish(routes, &self.app(&[]), self.deadline)
    }

    /// The consumer of a queue.
    pub fn consumer(&self, queue: Queue) -> Arc<dyn Consumer> {
        match queue {
            Queue::Payments => Arc::new(PaymentProcessing {
                worker: self.worker(payment_processing::SENDS_TO),
                gateway: Arc::clone(&self.gateway),
                keys: self.keys.clone(),
                shop_url: self.shop_url.clone(),
            }),
            Queue::Fulfillment => Arc::new(OrderFulfillment { worker: self.worker(order_fulfillment::SENDS_TO) }),
            Queue::Notifications => Arc::new(Notifications {
                worker: self.worker(notifications::SENDS_TO),
                mailer: self.mailer.clone(),
                shop_url: self.shop_url.clone(),
            }),
        }
    }

    /// The state of maintenance.
    pub fn maintenance(&self) -> Worker {
        self.worker(maintenance::SENDS_TO)
    }

    /// The state of a function without endpoints that sends to these queues.
    fn worker(&self, sends_to: &[Queue]) -> Worker {
        Worker {
            store: self.store.clone(),
            clock: self.clock.clone(),
            random: self.random.clone(),
            publisher: self.publisher.limited_to(sends_to),
        }
    }
}

/// The OpenAPI description of each HTTP function, by the function's name.
pub fn groups() -> [(&'static str, OpenApi); 6] {
    [
        ("auth", auth::router().into_openapi()),
        ("products", products::router().into_openapi()),
        ("cart", cart::router().into_openapi()),
        ("checkout", checkout::router().into_openapi()),
        ("payments", payments::router().into_openapi()),
        ("reviews", reviews::router().into_openapi()),
    ]
}

/// The queues that each function sends to, by the function's name.
pub const fn sends_to() -> [(&'static str, &'static [Queue]); 10] {
    [
        ("auth", auth::SENDS_TO),
        ("products", products::SENDS_TO),
        ("cart", cart::SENDS_TO),
        ("checkout", checkout::SENDS_TO),
        ("payments", payments::SENDS_TO),
        ("reviews", reviews::SENDS_TO),
        ("payment_processing", payment_processing::SENDS_TO),
        ("order_fulfillment", order_fulfillment::SENDS_TO),
        ("notifications", notifications::SENDS_TO),
        ("maintenance", maintenance::SENDS_TO),
    ]
}

/// The OpenAPI description of the whole API.
pub fn openapi() -> OpenApi {
    let mut document = health::routes().into_openapi();
    for (_, group) in groups() {
        document.merge(group);
    }
    openapi::describe(document)
}
